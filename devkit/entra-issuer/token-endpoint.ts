import { timingSafeEqual } from 'node:crypto';
import { entraError } from './entra-error.js';
import { type IssuerAnswer, jsonAnswer } from './issuer-answer.js';
import type { TokenVersion } from './persona-claims.js';
import {
  DEV_API_CLIENT_ID,
  DEV_SPA_CLIENT_ID,
  DEV_SVC_BILLING_CLIENT_ID,
  PERSONA_NAMES,
  type PersonaName,
  personaNamed,
} from './personas.js';

/** Exists nowhere but here: names a persona, proves nothing, stands where a person would sign in. */
export const PERSONA_GRANT = 'urn:countersign:devkit:persona';

export interface TokenEndpointDeps {
  readonly clientSecret: string;
  readonly now: () => number;
  readonly issue: (order: TokenOrder) => { readonly token: string; readonly expiresIn: number };
}

export interface TokenOrder {
  readonly persona: PersonaName;
  readonly version: TokenVersion;
  readonly clientId: string;
  readonly directoryId: string;
}

const SCOPES: ReadonlySet<string> = new Set([`${DEV_API_CLIENT_ID}/.default`, `api://${DEV_API_CLIENT_ID}/.default`]);

export class TokenEndpoint {
  constructor(private readonly deps: TokenEndpointDeps) {}

  answer(directoryId: string, form: URLSearchParams): IssuerAnswer {
    switch (form.get('grant_type')) {
      case 'client_credentials':
        return this.clientCredentials(directoryId, form);
      case PERSONA_GRANT:
        return this.persona(directoryId, form);
      case null:
        return this.refuse('invalid_request', 900144, "The request body must contain the following parameter: 'grant_type'.");
      default:
        return this.refuse('unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
    }
  }

  private clientCredentials(directoryId: string, form: URLSearchParams): IssuerAnswer {
    if (form.get('client_id') !== DEV_SVC_BILLING_CLIENT_ID) {
      return this.refuse('unauthorized_client', 700016, 'Application was not found in the directory.');
    }
    const secret = form.get('client_secret');
    if (secret === null)
      return this.refuse('invalid_client', 7000218, "The request body must contain 'client_assertion' or 'client_secret'.");
    if (!this.isSecret(secret)) return this.refuse('invalid_client', 7000215, 'Invalid client secret provided.');
    return (
      this.scopeFault(form) ??
      this.issue({ persona: 'svc-billing', clientId: DEV_SVC_BILLING_CLIENT_ID, ...common(directoryId, form) })
    );
  }

  private persona(directoryId: string, form: URLSearchParams): IssuerAnswer {
    const persona = PERSONA_NAMES.find((name) => name === form.get('persona'));
    if (persona === undefined || personaNamed(persona).kind !== 'user') {
      return this.refuse('invalid_grant', 50034, 'The user account does not exist in the directory.');
    }
    return (
      this.scopeFault(form) ??
      this.issue({ persona, clientId: form.get('client_id') ?? DEV_SPA_CLIENT_ID, ...common(directoryId, form) })
    );
  }

  private scopeFault(form: URLSearchParams): IssuerAnswer | null {
    const scope = form.get('scope') ?? '';
    if (!scope.endsWith('/.default'))
      return this.refuse('invalid_scope', 1002012, 'The provided value for scope is not valid; it must end in /.default.');
    if (SCOPES.has(scope)) return null;
    return this.refuse('invalid_resource', 500011, 'The resource principal was not found in the tenant.');
  }

  private issue(order: TokenOrder): IssuerAnswer {
    const { token, expiresIn } = this.deps.issue(order);
    return jsonAnswer({ token_type: 'Bearer', expires_in: expiresIn, ext_expires_in: expiresIn, access_token: token });
  }

  private isSecret(secret: string): boolean {
    const given = Buffer.from(secret);
    const expected = Buffer.from(this.deps.clientSecret);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private refuse(error: string, code: number, text: string): IssuerAnswer {
    return entraError({ error, code, text }, this.deps.now());
  }
}

/** The real service takes the version from the registration of the API; here the request may say it. */
function common(directoryId: string, form: URLSearchParams): { readonly version: TokenVersion; readonly directoryId: string } {
  return { version: form.get('version') === '1' ? 1 : 2, directoryId };
}
