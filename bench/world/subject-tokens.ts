/** The tokens that the load hands in: RS256, in the shape and size that Entra ID gives them, each of another subject. */
import type { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { apiClientId, directoryId, objectIdOf, permissionsOf, presenterId, subjectCount } from './population.js';
import type { LoadSubject, LoadSubjects } from '../load/load.contract.js';

const subjectTokenCount = 256;

/** Spread over all subjects, so that nothing near in the registration is near in the load. */
export function loadSubjects(
  issuer: EntraDevIssuer,
  { tokens, subjects } = { tokens: subjectTokenCount, subjects: subjectCount },
): LoadSubject[] {
  const step = Math.floor(subjects / tokens);
  return Array.from({ length: tokens }, (_, index) => {
    const subject = index * step;
    return { token: issue(issuer, subject), permissions: permissionsOf(subject) };
  });
}

export function refusedTokens(issuer: EntraDevIssuer): LoadSubjects['refused'] {
  const ended = Math.floor(Date.now() / 1000) - 60;
  return [
    { why: 'past its end', token: issue(issuer, 1, { iat: ended - 3600, nbf: ended - 3600, exp: ended }) },
    { why: 'forged', token: forged(issue(issuer, 2)) },
  ];
}

function issue(issuer: EntraDevIssuer, subject: number, overrides: Readonly<Record<string, unknown>> = {}): string {
  return issuer.issue({
    persona: 'alice',
    version: 2,
    tid: directoryId,
    audience: apiClientId,
    clientId: presenterId,
    lifetimeSeconds: 3600,
    overrides: {
      oid: objectIdOf(subject),
      sub: `pairwise-subject-of-the-bench-number-${subject}`,
      ...sizeOfRealTokens,
      ...overrides,
    },
  });
}

/** With these, tokens have the 1.6 kB of real ones. */
const sizeOfRealTokens = {
  aio: 'A'.repeat(92),
  rh: `0.${'R'.repeat(60)}.`,
  groups: Array.from({ length: 5 }, (_, group) => `c0ffee00-0000-4000-8000-00000000000${group}`),
};

/** One bit of the signature differs. */
function forged(token: string): string {
  const at = token.lastIndexOf('.') + 20;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}
