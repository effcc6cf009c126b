import type { GrantQuestion } from '../contract.js';
import type { Rule } from '../rule.js';

/**
 * SECURITY: whoever hands a token in is its rightful presenter. Of a trusted issuer's token the validation has told how the client
 * stands to it; one of ours is for the client that it was issued to, and for the API that it is meant for. Without this rule
 * anybody who sees a token could exchange it.
 */
export const presenter: Rule = {
  name: 'presenter',
  cases: ['on-behalf-of', 'impersonation'],
  exempt: { own: 'a token that was not issued to the client makes another case' },
  source: 'RFC 8693 §2.1; CVE-2026-9704',
  judge({ question }) {
    if (isRightful(question)) return undefined;
    const { issued } = question.subject;
    return {
      code: 'TOKEN_PRESENTER_MISMATCH',
      field: 'subject_token',
      because:
        issued === null
          ? 'the client is no presenter of the token'
          : `issued here to ${issued.clientId} for ${issued.audience}; expected to this client, or for an audience that it serves`,
    };
  },
};

function isRightful({ client, subject: { issued, presenter: stands } }: GrantQuestion): boolean {
  if (issued === null) return stands !== null;
  return issued.clientId === client.clientId || client.serves?.includes(issued.audience) === true;
}
