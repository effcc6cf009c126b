import type { ErrorCode } from './catalogue.js';
import { ADMISSION_ERRORS } from './catalogue/admission.errors.js';
import { SERVICE_ERRORS } from './catalogue/service.errors.js';
import { VAULT_ERRORS } from './catalogue/vault.errors.js';

/** Of other areas, what says that something of ours is away or damaged, or only has to be asked again. */
const OURS: ReadonlySet<ErrorCode> = new Set([
  'ISSUER_KEYS_UNAVAILABLE',
  'KEY_UNSEAL_FAILED',
  'KEYRING_RESTORED',
  'CONSISTENCY_UNAVAILABLE',
  'PERMISSIONS_CHANGING',
  'REVOCATIONS_UNKNOWN',
  'REPLAY_UNCHECKED',
]);

/** Whether the code says that something here, or something we depend on, failed: not the caller's doing. */
export function isServiceFault(code: ErrorCode): boolean {
  return code in SERVICE_ERRORS || code in ADMISSION_ERRORS || code in VAULT_ERRORS || OURS.has(code);
}
