import { EVERY_CASE, NO_EXEMPTION, type Rule } from '../rule.js';

/** However often a token is exchanged, it is as old as the first of its chain, and ends when that one would be too old. */
export const origin: Rule = {
  name: 'origin',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source: 'apache/polaris #5039',
  judge({ question: { subject, now } }) {
    if (subject.originEndsAt > now) return undefined;
    const age = String(now - subject.originIssuedAt);
    return { code: 'TOKEN_TOO_OLD', field: 'subject_token', because: `the first token of the chain was issued ${age} s ago` };
  },
  limit: ({ question: { subject } }) => ({ notAfter: subject.originEndsAt }),
};
