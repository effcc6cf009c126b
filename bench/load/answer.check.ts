/** Judges every answer by its shape, and one in 64 in full: signature against the published keys, claims against the subject. */
import { createLocalJWKSet, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import type { ExpectedAnswer, LoadSubjects, ReceivedAnswer } from './load.contract.js';

interface Sample {
  readonly subject: number;
  readonly token: string;
}

const sampleEvery = 64;
const errorTextsKept = 5;
const compactToken = /^[\w-]+\.[\w-]+\.[\w-]{86}$/;

export class AnswerCheck {
  readonly #expected: ExpectedAnswer;
  readonly #world: LoadSubjects;
  readonly #samples: Sample[] = [];
  readonly errorTexts: string[] = [];
  #answers = 0;
  errors = 0;
  verified = 0;

  constructor(expected: ExpectedAnswer, world: LoadSubjects) {
    this.#expected = expected;
    this.#world = world;
  }

  fail(text: string): void {
    this.errors += 1;
    if (this.errorTexts.length < errorTextsKept) this.errorTexts.push(text);
  }

  accept(subject: number, answer: ReceivedAnswer): void {
    const fault = shapeFault(answer);
    if (fault !== undefined || typeof answer.access_token !== 'string') {
      this.fail(fault ?? 'no token');
      return;
    }
    this.#answers += 1;
    if (this.#answers % sampleEvery === 0) this.#samples.push({ subject, token: answer.access_token });
  }

  /** Run it after the window, so that it costs the measurement nothing. */
  async verifySamples(): Promise<void> {
    const keys = createLocalJWKSet(this.#expected.jwks);
    const options = { issuer: this.#expected.issuer, audience: this.#world.audience, algorithms: ['ES256'], typ: 'at+jwt' };
    const seen = new SeenClaims();
    for (const { subject, token } of this.#samples) {
      const permissions = this.#expected.permissions ?? this.#world.subjects[subject]?.permissions ?? [];
      const fault = await jwtVerify(token, keys, options).then(
        ({ payload }) => permissionsFault(payload, permissions) ?? seen.fault(payload, subject),
        (error: unknown) => `an issued token does not verify: ${String(error)}`,
      );
      if (fault === undefined) this.verified += 1;
      else this.fail(fault);
    }
    if (this.verified === 0) this.fail('no issued token was verified');
  }
}

/** What no two tokens, and no two subjects, may share: a server that hands out kept tokens is found here. */
class SeenClaims {
  readonly #subjects = new Map<string, number>();
  readonly #tokenIds = new Set<string>();

  fault({ sub, jti }: JWTPayload, subject: number): string | undefined {
    if (jti === undefined || this.#tokenIds.has(jti)) return 'a token id is missing or was used twice';
    this.#tokenIds.add(jti);
    if (sub === undefined || (this.#subjects.get(sub) ?? subject) !== subject) return 'sub is missing, or two subjects share one';
    this.#subjects.set(sub, subject);
    return undefined;
  }
}

function permissionsFault(payload: JWTPayload, expected: readonly string[]): string | undefined {
  const permissions = payload['permissions'];
  if (Array.isArray(permissions) && permissions.toSorted().join(' ') === expected.join(' ')) return undefined;
  return `permissions are ${JSON.stringify(permissions)}, expected ${JSON.stringify(expected)}`;
}

function shapeFault(answer: ReceivedAnswer): string | undefined {
  const { access_token: token, expires_in: lifetime } = answer;
  if (typeof token !== 'string' || !compactToken.test(token)) return 'the answer holds no ES256 token';
  if (typeof lifetime !== 'number' || lifetime <= 0 || lifetime > 900) return `expires_in is ${String(lifetime)}`;
  if (answer.token_type !== 'Bearer') return `token_type is ${String(answer.token_type)}`;
  if (answer.issued_token_type !== 'urn:ietf:params:oauth:token-type:access_token')
    return 'issued_token_type is not access_token';
  return undefined;
}
