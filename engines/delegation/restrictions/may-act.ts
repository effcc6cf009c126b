import type { GrantQuestion, MayAct } from '../contract.js';
import type { Grant } from '../grant.js';
import type { Rule } from '../rule.js';

/** A subject token that says who may act for its subject is heeded: nobody else begins to. */
export const mayAct: Rule = {
  name: 'may-act',
  cases: ['on-behalf-of', 'impersonation'],
  exempt: { own: 'nobody begins to act' },
  source: 'RFC 8693 §4.4',
  judge({ question, begins }) {
    const named = question.subject.mayAct;
    if (named === null || begins === null || isNamed(named, question, begins)) return undefined;
    return {
      code: 'DELEGATION_NOT_ALLOWED',
      field: begins === 'actor' ? 'actor_token' : 'subject_token',
      because: 'may_act of the subject token names somebody else',
    };
  },
};

function isNamed(named: MayAct, { actor, client }: GrantQuestion, begins: NonNullable<Grant['begins']>): boolean {
  const { issuer, sub, clientId } = named;
  if (issuer === null || (sub === null && clientId === null)) return false;
  if (begins === 'actor') return clientId === null && actor?.issuer === issuer && actor.identity.externalId === sub;
  const isTheClient = (id: string | null): boolean =>
    id === null || client.ownPresenters.some((own) => own.issuer === issuer && own.id === id);
  return isTheClient(sub) && isTheClient(clientId);
}
