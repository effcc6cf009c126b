import { CALLER_ERRORS } from './catalogue/caller.errors.js';
import { ADMISSION_ERRORS } from './catalogue/admission.errors.js';
import { CHECK_ERRORS } from './catalogue/check.errors.js';
import { CLIENT_ERRORS } from './catalogue/client.errors.js';
import { GRANT_ERRORS } from './catalogue/grant.errors.js';
import { LIVE_DATA_ERRORS } from './catalogue/live-data.errors.js';
import { OPERATOR_ERRORS } from './catalogue/operator.errors.js';
import { PERMISSION_ERRORS } from './catalogue/permission.errors.js';
import { POLICY_ERRORS } from './catalogue/policy.errors.js';
import { REQUEST_ERRORS } from './catalogue/request.errors.js';
import { SERVICE_ERRORS } from './catalogue/service.errors.js';
import { TOKEN_ERRORS } from './catalogue/token.errors.js';
import { VAULT_ERRORS } from './catalogue/vault.errors.js';

/**
 * Every error that Countersign can answer, as plain data. A code is never renamed, only retired.
 * `summary`: one safe sentence for the caller. `cause`: when it happens. `remedy`: what to do next, in order.
 */
export const CATALOGUE = {
  ...REQUEST_ERRORS,
  ...CLIENT_ERRORS,
  ...CALLER_ERRORS,
  ...GRANT_ERRORS,
  ...TOKEN_ERRORS,
  ...PERMISSION_ERRORS,
  ...CHECK_ERRORS,
  ...POLICY_ERRORS,
  ...LIVE_DATA_ERRORS,
  ...ADMISSION_ERRORS,
  ...SERVICE_ERRORS,
  ...OPERATOR_ERRORS,
  ...VAULT_ERRORS,
} as const;

export type ErrorCode = keyof typeof CATALOGUE;
