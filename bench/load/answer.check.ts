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
    const token = answer.access_token;
    if (typeof token !== 'string' || !compactToken.test(token)) return this.fail('the answer holds no ES256 token');
    const lifetime = answer.expires_in;
    if (typeof lifetime !== 'number' || lifetime <= 0 || lifetime > 900) return this.fail(`expires_in is ${String(lifetime)}`);
    if (answer.token_type !== 'Bearer') return this.fail(`token_type is ${String(answer.token_type)}`);
    if (answer.issued_token_type !== 'urn:ietf:params:oauth:token-type:access_token') return this.fail('issued_token_type is not access_token');
    this.#answers += 1;
    if (this.#answers % sampleEvery === 0) this.#samples.push({ subject, token });
  }

  /** Run it after the window, so that it costs the measurement nothing. */
  async verifySamples(): Promise<void> {
    const keys = createLocalJWKSet(this.#expected.jwks);
    const subjects = new Map<string, number>();
    const tokenIds = new Set<string>();
    for (const { subject, token } of this.#samples) {
      try {
        const options = { issuer: this.#expected.issuer, audience: this.#world.audience, algorithms: ['ES256'], typ: 'at+jwt' };
        const { payload } = await jwtVerify(token, keys, options);
        const fault = this.#claimsFault(payload, subject, subjects, tokenIds);
        if (fault === undefined) this.verified += 1;
        else this.fail(fault);
      } catch (error) {
        this.fail(`an issued token does not verify: ${String(error)}`);
      }
    }
    if (this.verified === 0) this.fail('no issued token was verified');
  }

  #claimsFault(payload: JWTPayload, subject: number, subjects: Map<string, number>, tokenIds: Set<string>): string | undefined {
    const expected = this.#expected.permissions ?? this.#world.subjects[subject]?.permissions ?? [];
    const permissions = payload['permissions'];
    if (!Array.isArray(permissions) || permissions.toSorted().join(' ') !== expected.join(' ')) {
      return `permissions are ${JSON.stringify(permissions)}, expected ${JSON.stringify(expected)}`;
    }
    if (typeof payload.jti !== 'string' || tokenIds.has(payload.jti)) return 'a token id is missing or was used twice';
    tokenIds.add(payload.jti);
    const known = subjects.get(payload.sub ?? '') ?? subject;
    if (payload.sub === undefined || known !== subject) return 'two subjects share one sub';
    subjects.set(payload.sub, subject);
    return undefined;
  }
}
