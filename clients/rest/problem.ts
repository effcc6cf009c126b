import type { CodedError } from '#utilities/errors/coded-error.js';
import { oauthErrorBody, oauthErrorStatus } from './oauth-error.js';

/** Where errors are problem details (RFC 9457) and not OAuth error objects. */
export function takesProblems(url: string): boolean {
  return url.startsWith('/admin/');
}

/** Problem details with the stable code and the diagnostic id. */
export function problemBody(error: CodedError, diagnosticId: string): Readonly<Record<string, string | number>> {
  const { error: _oauth, error_description: title = '', ...rest } = oauthErrorBody(error, diagnosticId);
  return { type: `urn:countersign:error:${error.code}`, title, status: oauthErrorStatus(error), ...rest };
}
