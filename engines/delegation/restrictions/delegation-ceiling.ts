import type { Rule } from '../rule.js';

/** What a client may exercise for others is listed apart from what it may ask for itself; by default that is nothing. */
export const delegationCeiling: Rule = {
  name: 'delegation-ceiling',
  cases: ['on-behalf-of'],
  exempt: { own: 'nobody acts for the subject', impersonation: 'it has a list of its own' },
  source: 'RFC 8693 §1.1; keycloak #49993',
  limit: ({ question: { target } }) => ({ within: [target.delegationCeiling] }),
};
