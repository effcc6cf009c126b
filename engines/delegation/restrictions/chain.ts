import { actorsIn, type Grant } from '../grant.js';
import { EVERY_CASE, NO_EXEMPTION, type Objection, type Rule } from '../rule.js';

/** Of exchanges, and of actors. */
const LONGEST = 3;

/** A chain is short, and nobody is in it twice: neither two actors, nor the subject as its own. */
export const chain: Rule = {
  name: 'chain',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source: 'RFC 8693 §4.1; apache/polaris #5039',
  judge(grant) {
    const { subject } = grant.question;
    const actors = actorsIn(grant.act).map(whoIs);
    const exchanges = subject.depth + 1;
    if (exchanges > LONGEST || actors.length > LONGEST) {
      return tooDeep(grant, `${String(exchanges)} exchanges, ${String(actors.length)} actors; at most ${String(LONGEST)} each`);
    }
    if (new Set(actors).size < actors.length) return tooDeep(grant, 'an actor would be in the chain twice');
    if (!actors.includes(whoIs(subject.subject))) return undefined;
    return { code: 'DELEGATION_NOT_ALLOWED', field: fieldOf(grant), because: 'the actor is the subject itself' };
  },
};

/** SECURITY: somebody who is known as a user and as a workload has two names, which differ in their first letter alone. */
function whoIs(name: string): string {
  return /^[uw]_/.test(name) ? name.slice(2) : name;
}

function tooDeep(grant: Grant, because: string): Objection {
  return { code: 'DELEGATION_TOO_DEEP', field: fieldOf(grant), because };
}

function fieldOf({ begins }: Grant): string {
  return begins === 'actor' ? 'actor_token' : 'subject_token';
}
