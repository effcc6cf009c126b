import { EVERY_CASE, NO_EXEMPTION, type Rule } from '../rule.js';

/** The target is one of the client's own registration, and its boundary there is the first limit of every grant. */
export const target: Rule = {
  name: 'target',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source: 'RFC 8693 §2.2.2, RFC 8707 §2',
  judge({ question }) {
    if (question.client.targets.includes(question.target)) return undefined;
    return { code: 'TARGET_NOT_ALLOWED', field: 'audience', because: `${question.target.audience} is no target of the client` };
  },
  limit: ({ question }) => ({ within: [question.target.scopes] }),
};
