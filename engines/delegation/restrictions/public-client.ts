import { isPublic } from '../grant.js';
import { EVERY_CASE, NO_EXEMPTION, type Rule } from '../rule.js';

/**
 * SECURITY: of a client without credentials the verified token is all that is known. It exchanges a token that its identity provider
 * issued to it, for itself; anybody could say to be it in any other case.
 */
export const publicClient: Rule = {
  name: 'public-client',
  cases: EVERY_CASE,
  exempt: NO_EXEMPTION,
  source: 'RFC 8693 §2.1, RFC 6749 §2.1',
  judge(grant) {
    const { question } = grant;
    if (!isPublic(question)) return undefined;
    if (grant.case === 'own' && question.subject.issued === null && question.subject.presenter === 'own') return undefined;
    return {
      code: grant.case === 'impersonation' ? 'IMPERSONATION_NOT_ALLOWED' : 'DELEGATION_NOT_ALLOWED',
      field: question.actor === null ? 'subject_token' : 'actor_token',
      because: 'a public client has the own case alone, with a token that its identity provider issued to it',
    };
  },
};
