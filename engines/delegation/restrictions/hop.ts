import type { ClientTarget } from '#accessors/registration/contract.js';
import type { GrantQuestion } from '../contract.js';
import type { Rule } from '../rule.js';

type Hop = NonNullable<ClientTarget['hops']>[number];

/**
 * SECURITY: a token of ours goes on to another application only over a hop that the registration of the application's own client
 * names, and within what that hop allows. Being the client that it was issued to is not enough: that one narrows, and does no more.
 */
export const hop: Rule = {
  name: 'hop',
  cases: ['on-behalf-of', 'impersonation'],
  exempt: { own: 'the own case of a token of ours is to narrow it: somebody acts wherever it goes on' },
  source: 'RFC 9700 §2.3',
  judge({ question, narrows }) {
    const { issued } = question.subject;
    if (issued === null || narrows) return undefined;
    if (hopsOf(question, issued.audience).length > 0) return undefined;
    return {
      code: 'DELEGATION_NOT_ALLOWED',
      field: 'subject_token',
      because: `no hop from ${issued.audience} to ${question.target.audience} for a client that serves the first`,
    };
  },
  limit({ question, narrows }) {
    const { issued } = question.subject;
    return issued === null || narrows ? {} : { within: hopsOf(question, issued.audience).map(({ ceiling }) => ceiling) };
  },
};

/** Two for the same application both count. */
function hopsOf({ client, target }: GrantQuestion, from: string): readonly Hop[] {
  if (client.serves?.includes(from) !== true) return [];
  return target.hops?.filter((each) => each.from === from) ?? [];
}
