import { timingSafeEqual } from 'node:crypto';
import { type EntraFault, entraError } from '#devkit/entra-issuer/entra-error.js';
import { ok, type VaultAnswer } from './vault-answer.js';
import type { VaultKnobs } from './vault-knobs.js';

interface VaultLoginDeps {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly directoryId: string;
  /** Milliseconds. */
  readonly now: () => number;
  readonly resource: () => string;
  readonly issueToken: () => string;
}

const LIFETIME_SECONDS = 3_600;

/** The token endpoint that the challenge leads to: one client with one secret, and tokens for this vault alone. */
export class VaultLogin {
  constructor(private readonly deps: VaultLoginDeps) {}

  isPath(method: string, path: string): boolean {
    return method === 'POST' && path === `/${this.deps.directoryId}/oauth2/v2.0/token`;
  }

  answer(text: string, trouble: VaultKnobs['login']): VaultAnswer {
    if (trouble === 'unavailable') return this.refuse(TRANSIENT, 503);
    if (trouble === 'expired-secret') return this.refuse(EXPIRED, 401);
    const form = new URLSearchParams(text);
    const fault = this.faultOf(form);
    if (fault !== null) return this.refuse(fault, 400);
    return ok({ token_type: 'Bearer', expires_in: LIFETIME_SECONDS, access_token: this.deps.issueToken() });
  }

  private faultOf(form: URLSearchParams): EntraFault | null {
    if (form.get('grant_type') !== 'client_credentials') return UNSUPPORTED;
    if (form.get('client_id') !== this.deps.clientId) return UNKNOWN_CLIENT;
    if (!this.isSecret(form.get('client_secret') ?? '')) return WRONG_SECRET;
    const scopes = (form.get('scope') ?? '').split(' ');
    return scopes.includes(`${this.deps.resource()}/.default`) ? null : UNKNOWN_RESOURCE;
  }

  private isSecret(secret: string): boolean {
    const given = Buffer.from(secret);
    const expected = Buffer.from(this.deps.clientSecret);
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  private refuse(fault: EntraFault, status: number): VaultAnswer {
    return { status, body: entraError(fault, this.deps.now()).body };
  }
}

const UNSUPPORTED: EntraFault = {
  error: 'unsupported_grant_type',
  code: 70003,
  text: 'The app requested an unsupported grant type.',
};
const UNKNOWN_CLIENT: EntraFault = {
  error: 'unauthorized_client',
  code: 700016,
  text: 'Application was not found in the directory.',
};
const WRONG_SECRET: EntraFault = { error: 'invalid_client', code: 7000215, text: 'Invalid client secret provided.' };
const EXPIRED: EntraFault = { error: 'invalid_client', code: 7000222, text: 'The provided client secret keys are expired.' };
const UNKNOWN_RESOURCE: EntraFault = {
  error: 'invalid_resource',
  code: 500011,
  text: 'The resource principal was not found in the tenant.',
};
const TRANSIENT: EntraFault = { error: 'temporarily_unavailable', code: 90033, text: 'A transient error has occurred.' };
