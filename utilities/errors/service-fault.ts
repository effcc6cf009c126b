import type { ErrorCode } from './catalogue.js';
import { SERVICE_ERRORS } from './catalogue/service.errors.js';
import { VAULT_ERRORS } from './catalogue/vault.errors.js';

/** Whether the code says that something here, or something we depend on, failed: not the caller's doing. */
export function isServiceFault(code: ErrorCode): boolean {
  return code in SERVICE_ERRORS || code in VAULT_ERRORS || code === 'ISSUER_KEYS_UNAVAILABLE';
}
