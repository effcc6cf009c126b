import { type InterceptingListener, Metadata, type NextCall, status, type StatusObject } from '@grpc/grpc-js';
import type { AccessToken } from '../access-token.js';
import type { TokenSource } from '../token-source.js';
import { fetchFailure } from './fetch-failure.js';

/** What a call is for grpc-js. */
type Call = ReturnType<NextCall>;
type Step = (call: Call) => void;

interface Settings {
  readonly source: TokenSource;
  readonly subjectToken: string | undefined;
  /** Until the deadline of the call; `undefined`: it has none. */
  readonly remainingMs: () => number | undefined;
  /** Whether there is one message each way, so that the call can be made again. */
  readonly isUnary: boolean;
  /** Makes the call itself, as often as this is called. */
  readonly begin: () => Call;
}

interface Started {
  readonly metadata: Metadata;
  readonly listener: Partial<InterceptingListener>;
}

/**
 * A call that begins when there is a token for it. What the program does with it before is kept and done then; what it does with a
 * unary call is kept until there is an answer, so that it can be done again.
 */
export class AuthorizedCall implements Call {
  private call: Call | undefined;
  private steps: Step[] = [];
  private readonly leaving = new AbortController();

  constructor(private readonly settings: Settings) {}

  start(metadata: Metadata, listener: Partial<InterceptingListener> = {}): void {
    // SECURITY: which of two credentials a server reads is nobody's choice.
    if (metadata.get('authorization').length > 0) throw new TypeError('the call has an authorization of its own');
    void this.authorize({ metadata, listener }, true);
  }

  sendMessageWithContext(...[context, message]: Parameters<Call['sendMessageWithContext']>): void {
    this.take((call) => {
      call.sendMessageWithContext(context, message);
    });
  }

  sendMessage(message: unknown): void {
    this.sendMessageWithContext({}, message);
  }

  startRead(): void {
    this.take((call) => {
      call.startRead();
    });
  }

  halfClose(): void {
    this.take((call) => {
      call.halfClose();
    });
  }

  cancelWithStatus(code: status, details: string): void {
    if (this.call === undefined) this.leaving.abort({ code, details, metadata: new Metadata() } satisfies StatusObject);
    else this.call.cancelWithStatus(code, details);
  }

  getPeer(): string {
    return this.call?.getPeer() ?? 'unknown';
  }

  getAuthContext(): ReturnType<Call['getAuthContext']> {
    return this.call?.getAuthContext() ?? null;
  }

  private take(step: Step): void {
    if (this.call === undefined || this.settings.isUnary) this.steps.push(step);
    if (this.call !== undefined) step(this.call);
  }

  private async authorize(started: Started, mayRepeat: boolean): Promise<void> {
    const { source, subjectToken, remainingMs } = this.settings;
    const { signal } = this.leaving;
    let token: AccessToken;
    try {
      token = await source.token({ subjectToken, deadlineMs: remainingMs(), signal });
    } catch (error) {
      started.listener.onReceiveStatus?.(signal.aborted ? (signal.reason as StatusObject) : fetchFailure(error));
      return;
    }
    // A token that is there already comes a moment later, and the program may have called off in between.
    if (signal.aborted) started.listener.onReceiveStatus?.(signal.reason as StatusObject);
    else this.begin(started, { token, mayRepeat: mayRepeat && this.settings.isUnary });
  }

  private begin(started: Started, of: { readonly token: AccessToken; readonly mayRepeat: boolean }): void {
    const metadata = started.metadata.clone();
    metadata.set('authorization', of.token.authorization);
    const call = this.settings.begin();
    this.call = call;
    call.start(metadata, of.mayRepeat ? this.repeating(started, of.token) : started.listener);
    for (const step of this.steps) step(call);
    if (!this.settings.isUnary) this.steps = [];
  }

  /** Keeps the answer until it is known whether it is one. */
  private repeating(started: Started, token: AccessToken): InterceptingListener {
    const { listener } = started;
    const kept: (() => void)[] = [];
    return {
      onReceiveMetadata: (metadata) => kept.push(() => listener.onReceiveMetadata?.(metadata)),
      onReceiveMessage: (message: unknown) => kept.push(() => listener.onReceiveMessage?.(message)),
      onReceiveStatus: (answer) => {
        if (answer.code === status.UNAUTHENTICATED && this.settings.source.drop(token)) {
          this.call = undefined;
          void this.authorize(started, false);
          return;
        }
        for (const tell of kept) tell();
        listener.onReceiveStatus?.(answer);
      },
    };
  }
}
