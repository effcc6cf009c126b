import { isDeepStrictEqual } from 'node:util';
import type { Principal } from '#engines/token-validation/contract.js';
import type { Mutant } from './mutator/mutator.js';
import type { Opinion, Oracle } from './oracle/oracle.js';
import type { Subject } from './subject/subject.js';

/** What became of one mutant. */
export interface Comparison {
  /** What the oracle thinks of it, for the counts. */
  readonly kind: 'valid' | 'one claim rule' | 'other';
  /** `undefined`: engine and oracle agree. */
  readonly difference?: 'wrong accept' | 'disagreement' | undefined;
  readonly engine: string;
  readonly oracle: string;
}

const ACCEPTED = 'accepted';
const SIGNATURE = 'TOKEN_SIGNATURE_INVALID';

/** Says of an unknown issuer that it is like a trusted one. */
const NEARLY_TRUSTED = new Set(['ISSUER_CLOUD_MISMATCH', 'ISSUER_VERSION_MISMATCH']);

/** Codes that speak of the text or the header, not of a claim. */
const BEFORE_CLAIMS = new Set([
  'TOKEN_TOO_LARGE',
  'TOKEN_MALFORMED',
  'TOKEN_HEADER_FORBIDDEN',
  'TOKEN_ALGORITHM_NOT_ALLOWED',
  'TOKEN_KEY_ID_MISSING',
  'TOKEN_KEY_UNKNOWN',
]);

/**
 * Asks both, and compares. The oracle verifies a signature where the answer hangs on it: on what the engine accepts, on what
 * it refuses for its signature, and where no rule is broken.
 */
export async function compare(mutant: Mutant, subject: Subject, oracle: Oracle): Promise<Comparison> {
  const opinion = oracle.judge(mutant.token, mutant.presenter);
  const answer = await answerOf(subject, mutant);
  const engine = typeof answer === 'string' ? answer : ACCEPTED;
  const oracleSays = await codesOf(opinion, engine);
  const accepts = oracleSays.length === 0;
  const said = { kind: kindOf(mutant, opinion, accepts), engine, oracle: accepts ? ACCEPTED : oracleSays.join(', ') };
  if (typeof answer !== 'string') return accepts ? whetherSame(said, answer, opinion) : { ...said, difference: 'wrong accept' };
  return agrees(engine, oracleSays, mutant, opinion) ? said : { ...said, difference: 'disagreement' };
}

async function codesOf({ codes, signed }: Opinion, engine: string): Promise<readonly string[]> {
  const hangsOnSignature = codes.length === 0 || engine === ACCEPTED || engine === SIGNATURE;
  if (!hangsOnSignature || (await signed?.()) === true) return codes;
  return [...codes, SIGNATURE];
}

function kindOf({ signed }: Mutant, { broken, codes }: Opinion, accepts: boolean): Comparison['kind'] {
  if (accepts) return 'valid';
  return broken.length === 1 && signed && !BEFORE_CLAIMS.has(codes[0] ?? '') ? 'one claim rule' : 'other';
}

/** A good token that is taken for somebody else's is accepted wrongly. */
function whetherSame(said: Comparison, answer: Principal, { principal }: Opinion): Comparison {
  const { identity, ...others } = answer;
  const expected = principal?.();
  if (isDeepStrictEqual({ ...others, ...identity }, expected)) return said;
  return { ...said, difference: 'wrong accept', engine: 'accepted as somebody else, or with other claims' };
}

/** Of several faults any may be named. Of an unknown issuer the oracle knows neither the other faults nor what it nearly is. */
function agrees(engine: string, oracleSays: readonly string[], mutant: Mutant, { complete, nearlyTrusted }: Opinion): boolean {
  if (oracleSays.includes(engine)) return true;
  if (nearlyTrusted && NEARLY_TRUSTED.has(engine)) return true;
  return !complete && mutant.class !== 'claim' && engine.startsWith('TOKEN_');
}

/** An engine never throws for a token; where it does, that is a disagreement of its own. */
async function answerOf(subject: Subject, mutant: Mutant): Promise<Principal | string> {
  try {
    return await subject(mutant.token, mutant.presenter);
  } catch (error) {
    return `threw ${error instanceof Error ? error.constructor.name : 'something'}`;
  }
}
