/**
 * `unavailable`: it may work later. `misconfigured`: this service's own credential, permission or settings are refused.
 * `refused`: this subject cannot be looked up. `token-refused`: Graph wants another token, which is tried once.
 */
export type DirectoryFaultKind = 'unavailable' | 'misconfigured' | 'refused' | 'token-refused';

/** A question that ended without an answer. It never leaves this folder. */
export class DirectoryFault extends Error {
  override readonly name = 'DirectoryFault';

  /** As the other side asked for; `null`: it did not say. */
  readonly retryAfterSeconds: number | null;
  /** Claims request that the subject's next token has to be acquired with: JSON; `null`: none. */
  readonly claims: string | null;

  constructor(
    readonly kind: DirectoryFaultKind,
    /** For the operator's log: never a token, a secret or a body. */
    message: string,
    hints: { readonly retryAfterSeconds?: number | null; readonly claims?: string | null } = {},
  ) {
    super(message);
    this.retryAfterSeconds = hints.retryAfterSeconds ?? null;
    this.claims = hints.claims ?? null;
  }
}

export function isDirectoryFault(error: unknown): error is DirectoryFault {
  return error instanceof DirectoryFault;
}
