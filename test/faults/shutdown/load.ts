import { Agent, request } from 'node:http';
import { credentials, Metadata, status } from '@grpc/grpc-js';
import { AuthServiceClient, ExchangeTokenRequest } from '#protos/generated/countersign/auth/v1/auth.js';
import { KeyServiceClient } from '#protos/generated/countersign/keys/v1/keys.js';
import { basic, exchangeForm, JWT_TYPE } from '../../support/callers.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, type TestService } from '../../support/service.js';

type Kind = 'rest over kept connections' | 'rest over new connections' | 'grpc over one channel' | 'grpc over new channels';

/**
 * No retry policy, so a call that failed has failed. What the server has refused to look at (REFUSED_STREAM, a GOAWAY below its number)
 * any gRPC library sends once more over another connection, unasked: that is how a connection ends in HTTP/2 (RFC 9113 §8.7).
 */
const CHANNEL = { 'grpc.use_local_subchannel_pool': 1 };

/** Callers of every kind, each with the next request as soon as it has the answer to the one before. Nobody tries anything again. */
export class Load {
  readonly counts: Record<Kind, number> = {
    'rest over kept connections': 0,
    'rest over new connections': 0,
    'grpc over one channel': 0,
    'grpc over new channels': 0,
  };
  readonly failures: unknown[] = [];
  /** Streams of key changes that were opened, each after the one before had ended. */
  watchesBegun = 0;
  private seen: Record<string, number> = {};
  private going = true;
  private running: Promise<unknown> = Promise.resolve();
  private endWatch = (): void => undefined;

  constructor(
    private readonly service: TestService,
    private readonly ports: { readonly http: number; readonly grpc: number },
  ) {}

  start(): void {
    const agent = new Agent({ keepAlive: true });
    const channel = this.channel();
    const callers: [Kind, () => Promise<unknown>][] = [
      ['rest over kept connections', () => this.post(agent)],
      ['rest over kept connections', () => this.post(agent)],
      ['rest over new connections', () => this.post(false)],
      ['grpc over one channel', () => this.exchange(channel)],
      ['grpc over one channel', () => this.exchange(channel)],
      ['grpc over new channels', () => this.exchangeAnew()],
    ];
    this.running = Promise.all([...callers.map(([kind, once]) => this.calling(kind, once)), this.watching()]).finally(() => {
      agent.destroy();
      channel.close();
    });
  }

  /** Whether every kind of caller has had answers since this was asked last. */
  isMoving(): boolean {
    const isMoving = Object.entries(this.counts).every(([kind, count]) => count > (this.seen[kind] ?? 0) + 3);
    if (isMoving) this.seen = { ...this.counts };
    return isMoving;
  }

  async stop(): Promise<void> {
    this.going = false;
    this.endWatch();
    await this.running;
  }

  private async calling(kind: Kind, once: () => Promise<unknown>): Promise<void> {
    while (this.going) {
      try {
        const told = await once();
        if (told === 'OK') this.counts[kind] += 1;
        else this.failures.push([kind, told]);
      } catch (error) {
        this.failures.push([kind, error instanceof Error ? error.message : error]);
      }
    }
  }

  private post(agent: Agent | false): Promise<string> {
    const form = exchangeForm(this.service.identityProvider.issue({ persona: 'alice' }), {
      audience: SAMPLE_AUDIENCE,
    }).toString();
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': String(Buffer.byteLength(form)),
      authorization: basic(PORTAL_CLIENT_ID, this.service.secret),
    };
    return new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: this.ports.http, path: '/oauth2/token', method: 'POST', headers, agent });
      sent.on('response', (answer) => {
        answer.on('error', reject);
        answer.on('end', () => {
          resolve(answer.statusCode === 200 ? 'OK' : String(answer.statusCode));
        });
        answer.resume();
      });
      sent.on('error', reject);
      sent.end(form);
    });
  }

  private channel(): AuthServiceClient {
    return new AuthServiceClient(`127.0.0.1:${String(this.ports.grpc)}`, credentials.createInsecure(), CHANNEL);
  }

  private exchange(client: AuthServiceClient): Promise<string> {
    const subjectToken = this.service.identityProvider.issue({ persona: 'alice' });
    const asked = ExchangeTokenRequest.fromPartial({ subjectToken, subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] });
    return new Promise((resolve) => {
      client.exchangeToken(asked, this.metadata(), { deadline: Date.now() + 20_000 }, (error) => {
        resolve(error === null ? 'OK' : `${status[error.code]}: ${error.details}`);
      });
    });
  }

  private exchangeAnew(): Promise<string> {
    const client = this.channel();
    return this.exchange(client).finally(() => {
      client.close();
    });
  }

  /** Opens a stream again when it has ended, which it does with its replica, and says so with UNAVAILABLE alone. */
  private async watching(): Promise<void> {
    const client = new KeyServiceClient(`127.0.0.1:${String(this.ports.grpc)}`, credentials.createInsecure(), CHANNEL);
    while (this.going) {
      this.watchesBegun += 1;
      const stream = client.watchKeys({}, this.metadata());
      this.endWatch = () => {
        stream.cancel();
      };
      const told = await new Promise<string>((resolve) => {
        stream.on('data', () => undefined);
        stream.on('error', (error: Error & { code?: status }) => {
          resolve(`${status[error.code ?? status.UNKNOWN]}: ${error.message}`);
        });
        stream.on('end', () => {
          resolve('end');
        });
      });
      const isExpected = told.startsWith('CANCELLED') || told.includes('UNAVAILABLE: This instance is shutting down');
      if (!isExpected) this.failures.push(['watch', told]);
    }
    client.close();
  }

  private metadata(): Metadata {
    const metadata = new Metadata();
    metadata.set('authorization', basic(PORTAL_CLIENT_ID, this.service.secret));
    return metadata;
  }
}
