import type { Rule } from '../rule.js';

/**
 * SECURITY: to take somebody's place needs a permission of its own, and hides nobody: where somebody acts already the chain would be
 * lost, and whoever names an actor asks for delegation.
 */
export const impersonation: Rule = {
  name: 'impersonation',
  cases: ['impersonation'],
  exempt: { own: 'nobody takes the place of the subject', 'on-behalf-of': 'the token says who acts' },
  source: 'RFC 8693 §1.1',
  judge({ question: { target, actor }, act }) {
    const refused = (because: string) => ({ code: 'IMPERSONATION_NOT_ALLOWED', field: 'impersonation', because }) as const;
    if (actor !== null) return refused('an actor token was sent with it: that asks for delegation');
    if (act !== null) return refused('somebody acts for the subject already, which the token would no longer say');
    if ((target.impersonation?.length ?? 0) > 0) return undefined;
    return refused(`the client may not impersonate at ${target.audience}`);
  },
  limit: ({ question: { target } }) => ({ within: [target.impersonation ?? []] }),
};
