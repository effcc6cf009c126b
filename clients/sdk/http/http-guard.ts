import type { IncomingMessage } from 'node:http';
import { type Access, admitted } from '../access.js';
import { keepAdmitted } from '../admitted-tokens.js';
import { type CountersignError, helpUrlAt } from '../countersign-error.js';
import { challengeFor, type ChallengeSettings, checkChallengeSettings, refusalKind, type RefusalKind } from '../refusal.js';
import type { VerifiedToken } from '../verified-token.js';
import type { Verifier } from '../verifier.js';
import { certificateOf } from './client-certificate.js';

export interface HttpGuardOptions extends ChallengeSettings {
  readonly verifier: Verifier;
}

/** What is read of a request: Node's own, whatever framework wraps it. */
export type GuardedRequest = Pick<IncomingMessage, 'rawHeaders' | 'socket'>;

/** What to answer instead of what was asked for. */
export interface HttpRefusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Problem details (RFC 9457), as JSON text. */
  readonly body: string;
}

const STATUSES: Readonly<Record<RefusalKind, number>> = {
  ambiguous: 400,
  missing: 401,
  'invalid-token': 401,
  'step-up': 401,
  permission: 403,
  undecided: 403,
  later: 503,
};
const RETRY_SECONDS = 5;

/** Lets HTTP requests in or says why not. Express, Fastify and Nest differ in how they call it, and in nothing else. */
export class HttpGuard {
  /** @throws TypeError when the settings could not be written into a header */
  constructor(private readonly options: HttpGuardOptions) {
    checkChallengeSettings(options);
  }

  /**
   * The token that lets the request in, kept for its handler; `null` where everybody may.
   *
   * @throws CountersignError for everybody else, and where nothing was decided
   */
  async admit(request: GuardedRequest, access: Access | undefined): Promise<VerifiedToken | null> {
    const shown = {
      get keys() {
        return certificateOf(request.socket);
      },
    };
    const token = await admitted(this.options.verifier, access, { authorization: authorizationOf(request), shown });
    keepAdmitted(request, token);
    return token;
  }

  /** `undefined`: the error is not about who asked, and is the program's own to answer. */
  refusalOf(error: CountersignError): HttpRefusal | undefined {
    const kind = refusalKind(error);
    if (kind === undefined) return undefined;
    const challenge = challengeFor(error, this.options);
    const helpUrl = helpUrlAt(this.options.verifier.helpBase, error);
    const { reason: code, message: title, diagnosticId } = error;
    return {
      status: STATUSES[kind],
      headers: {
        'content-type': 'application/problem+json',
        'cache-control': 'no-store',
        ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
        ...(kind === 'later' ? { 'retry-after': String(error.retryAfterSeconds ?? RETRY_SECONDS) } : {}),
      },
      body: JSON.stringify({ type: helpUrl, title, status: STATUSES[kind], code, diagnosticId, helpUrl }),
    };
  }
}

/** SECURITY: of two headers `headers` shows the first alone; as they were sent, both are seen. */
function authorizationOf({ rawHeaders }: GuardedRequest): readonly string[] {
  return rawHeaders.filter((_value, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'authorization');
}
