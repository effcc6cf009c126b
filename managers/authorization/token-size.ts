import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';

/** Above it, proxies with headers of 8 KB begin to refuse what the token is put into. */
const LARGE = 4 * 1024;
const TOO_LARGE_FOR_MANY = 7 * 1024;
/** What verifiers take at the most, ours among them. */
const MAX_ISSUED_LENGTH = 16 * 1024;

interface IssuedFor {
  readonly token: string;
  readonly audience: string;
  readonly granted: { readonly permissions: readonly string[]; readonly conditional: readonly unknown[] };
}

/**
 * SECURITY: a token is never cut short; one that no verifier would read is not issued, and nothing says that it was. Large ones are
 * counted and logged, long before that.
 *
 * @throws CodedError `PERMISSIONS_TOO_MANY`
 */
export function watchSize(
  { counters, logger }: Pick<AuthorizationParts, 'counters' | 'logger'>,
  { diagnosticId }: CallContext,
  { token, audience, granted }: IssuedFor,
): void {
  const { length } = token;
  if (length <= LARGE) return;
  if (length > MAX_ISSUED_LENGTH) {
    throw new CodedError('PERMISSIONS_TOO_MANY', {
      field: 'scope',
      actual: `${String(length)} characters`,
      expected: `at most ${String(MAX_ISSUED_LENGTH)}`,
      internal: `for ${audience}`,
    });
  }
  counters.increment('tokens.large', length > TOO_LARGE_FOR_MANY ? 'over 7 KiB' : 'over 4 KiB');
  const { permissions, conditional } = granted;
  logger.warn('token.large', {
    diagnosticId,
    audience,
    length,
    permissions: permissions.length,
    conditional: conditional.length,
  });
}
