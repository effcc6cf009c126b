/** What the stand-in is about to send. */
export interface VaultAnswer {
  readonly status: number;
  /** `null`: no body at all. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface VaultError {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  /** `innererror.code`: for many refusals the only part that tells them apart. */
  readonly inner?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const STAND_IN = 'Stand-in for development and tests; this is not Azure Key Vault';

export function ok(body: unknown, status = 200): VaultAnswer {
  return { status, body };
}

/** An error in the shape of the real service: `code` and `message`, and for some an inner code. */
export function vaultError({ status, code, message, inner, headers }: VaultError): VaultAnswer {
  const error = { code, message, ...(inner === undefined ? {} : { innererror: { code: inner } }) };
  return { status, body: { error }, ...(headers === undefined ? {} : { headers }) };
}

export function badParameter(message: string): VaultAnswer {
  return vaultError({ status: 400, code: 'BadParameter', message });
}
