import type { IssuedToken } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';

/** Above it, proxies with headers of 8 KB begin to refuse what the token is put into. */
const LARGE = 4 * 1024;
const TOO_LARGE_FOR_MANY = 7 * 1024;
/** What verifiers take at the most, ours among them. */
const MAX_ISSUED_LENGTH = 16 * 1024;

interface IssuedFor {
  readonly issued: Pick<IssuedToken, 'token' | 'byReference'>;
  readonly audience: string;
  readonly granted: { readonly permissions: readonly string[]; readonly conditional: readonly unknown[] };
}

/**
 * SECURITY: a token is never cut short; one that no verifier would read is not issued, and nothing says that it was. Large ones, and
 * those that leave their permissions to be asked for, are counted and logged.
 *
 * @throws CodedError `PERMISSIONS_TOO_MANY`
 */
export function watchSize(
  { counters, logger }: Pick<AuthorizationParts, 'counters' | 'logger'>,
  { diagnosticId }: CallContext,
  { issued: { token, byReference }, audience, granted }: IssuedFor,
): void {
  const { length } = token;
  if (length <= LARGE && !byReference) return;
  if (length > MAX_ISSUED_LENGTH) {
    throw new CodedError('PERMISSIONS_TOO_MANY', {
      field: 'scope',
      actual: `${String(length)} characters`,
      expected: `at most ${String(MAX_ISSUED_LENGTH)}`,
      internal: `for ${audience}`,
    });
  }
  counters.increment('tokens.large', labelOf(length, byReference));
  const { permissions, conditional } = granted;
  logger.warn('token.large', {
    diagnosticId,
    audience,
    length,
    byReference,
    permissions: permissions.length,
    conditional: conditional.length,
  });
}

function labelOf(length: number, byReference: boolean): string {
  if (byReference) return 'by reference';
  return length > TOO_LARGE_FOR_MANY ? 'over 7 KiB' : 'over 4 KiB';
}
