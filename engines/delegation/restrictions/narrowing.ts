import { EVERY_CASE, NO_EXEMPTION, type Rule } from '../rule.js';

/** For the audience that it has already, a token of ours is a limit itself: what it left out is not to be had by handing it in. */
export const narrowing: Rule = {
  name: 'narrowing',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source: 'CVE-2026-9704, CVE-2026-56668',
  limit({ question: { subject, target } }) {
    const { issued } = subject;
    return issued?.audience === target.audience ? { within: [issued.permissions] } : {};
  },
};
