import type { FastifyRequest } from 'fastify';
import type { AuthorizationManager, CallingClient } from '#managers/authorization/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { readClientCredentials } from './client-credentials.js';
import { parseForm, single } from './form.js';
import { presentedKeys } from './presented-keys.js';
import { soleAuthorization } from './sole-authorization.js';

/** A request about one token, of RFC 7662 §2.1 or RFC 7009 §2.1. */
interface TokenQuestion {
  readonly context: CallContext;
  readonly client: CallingClient;
  /** Read when the caller is known: nobody else learns what is missing. @throws CodedError `REQUEST_PARAMETER_MISSING` */
  readonly token: () => string;
}

/** `token_type_hint` is not read: there is one type of token here, and a hint may be wrong (RFC 7009 §2.1). */
export async function askedAbout(manager: AuthorizationManager, request: FastifyRequest): Promise<TokenQuestion> {
  const context = { diagnosticId: request.id, transport: 'rest' } as const;
  const form = parseForm(typeof request.body === 'string' ? request.body : '');
  const client = await manager.authenticate(
    context,
    readClientCredentials(soleAuthorization(request), form),
    presentedKeys(request),
  );
  return {
    context,
    client,
    token: () => {
      const token = single(form, 'token');
      if (token === undefined) throw new CodedError('REQUEST_PARAMETER_MISSING', { field: 'token' });
      return token;
    },
  };
}
