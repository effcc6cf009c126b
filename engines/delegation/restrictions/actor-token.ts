import type { GrantQuestion } from '../contract.js';
import type { Rule } from '../rule.js';

/**
 * SECURITY: an actor token proves that the actor is there: it was issued to the very client that presents it, is about the actor
 * itself, and the actor belongs to the tenant of the subject, or to one that the registration pairs with it.
 */
export const actorToken: Rule = {
  name: 'actor-token',
  cases: ['on-behalf-of'],
  exempt: { own: 'with an actor token somebody acts', impersonation: 'an actor token asks for delegation, and is refused there' },
  source: 'RFC 8693 §2.1; CVE-2025-55241, CVE-2026-55040',
  judge({ question }) {
    const { actor } = question;
    if (actor === null) return undefined;
    const invalid = (because: string) => ({ code: 'ACTOR_TOKEN_INVALID', field: 'actor_token', because }) as const;
    if (!actor.isOwn) return invalid('issued to another client than the one that presents it');
    if (actor.isActedFor) return invalid('somebody acts in it already');
    if (isOfTheTenant(question, actor.tenants)) return undefined;
    return {
      code: 'DELEGATION_NOT_ALLOWED',
      field: 'actor_token',
      because: `an actor of ${actor.tenants.join(', ') || 'no tenant'} for a subject of ${question.subject.tenant}, which no pair names`,
    };
  },
  limit: ({ question: { actor } }) => (actor === null ? {} : { notAfter: actor.expiresAt }),
};

function isOfTheTenant({ subject, target }: GrantQuestion, tenants: readonly string[]): boolean {
  if (tenants.includes(subject.tenant)) return true;
  return target.tenantPairs?.some((pair) => pair.subject === subject.tenant && tenants.includes(pair.actor)) === true;
}
