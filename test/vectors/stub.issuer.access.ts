import {
  ENTRA_DEFAULTS,
  OIDC_DEFAULTS,
  type EntraIssuer,
  type IssuerAccess,
  type KeyLookup,
  type OidcIssuer,
  type TrustedIssuer,
  type VerificationKey,
} from '#accessors/issuer/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Issuers and keys in memory. It counts what it was asked, so that a test can see that a bad token costs no look-up. */
export class StubIssuerAccess implements IssuerAccess {
  readonly issuerLookups: string[] = [];
  readonly keyLookups: string[] = [];
  unavailable = false;
  private readonly issuers = new Map<string, { readonly issuer: TrustedIssuer; readonly keys: readonly VerificationKey[] }>();

  trust(issuer: TrustedIssuer, iss: string, keys: readonly VerificationKey[]): this {
    this.issuers.set(iss, { issuer, keys });
    return this;
  }

  /** From now on nothing is trusted. */
  distrustAll(): this {
    this.issuers.clear();
    return this;
  }

  async trustedIssuer(_context: CallContext, iss: string): Promise<TrustedIssuer | undefined> {
    this.issuerLookups.push(iss);
    return this.issuers.get(iss)?.issuer;
  }

  async verificationKey(_context: CallContext, _issuer: TrustedIssuer, iss: string, kid: string): Promise<KeyLookup> {
    this.keyLookups.push(kid);
    if (this.unavailable) return { status: 'unavailable', retryAfterSeconds: 17 };
    const key = this.issuers.get(iss)?.keys.find((candidate) => candidate.kid === kid);
    return key === undefined ? { status: 'unknown' } : { status: 'found', key };
  }

  issuersInMemory(): readonly TrustedIssuer[] {
    return [...new Set([...this.issuers.values()].map(({ issuer }) => issuer))];
  }

  issuersHoldingKey(kid: string): readonly string[] {
    const holders = [...this.issuers.values()].filter(({ keys }) => keys.some((key) => key.kid === kid));
    return [...new Set(holders.map(({ issuer }) => issuer.name))];
  }

  async registerIssuer(): Promise<'unchanged'> {
    throw new CodedError('IMPORT_INVALID', { internal: 'not part of this stub' });
  }
}

export const DIRECTORY = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
export const OTHER_DIRECTORY = '2a0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
export const API = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
export const API_URI = 'api://orders';
export const CLIENT = '2c4e6f80-1a2b-4c3d-8e9f-a0b1c2d3e4f5';
export const OBJECT = '9b1d0000-1111-4222-8333-444455556666';
export const V2_ISSUER = `https://login.microsoftonline.com/${DIRECTORY}/v2.0`;
export const V1_ISSUER = `https://sts.windows.net/${DIRECTORY}/`;
export const OIDC_ISSUER = 'https://idp.example/realms/acme';

export function entraIssuer(changes: Partial<EntraIssuer> = {}): EntraIssuer {
  return {
    ...ENTRA_DEFAULTS,
    name: 'contoso',
    provider: 'entra-id',
    cloud: { name: 'public', loginBase: 'https://login.microsoftonline.com', v1IssuerBase: 'https://sts.windows.net' },
    directoryIds: [DIRECTORY],
    audiences: [API, API_URI],
    algorithms: ['RS256'],
    skewSeconds: 60,
    maxTokenAgeSeconds: { user: 7200, workload: 86400 },
    tenantRules: [{ tenantId: 'tenant-acme', slug: 'acme', when: { claim: 'tid', equals: DIRECTORY } }],
    ...changes,
  };
}

export function oidcIssuer(changes: Partial<OidcIssuer> = {}): OidcIssuer {
  return {
    ...OIDC_DEFAULTS,
    name: 'keycloak',
    provider: 'oidc',
    issuer: OIDC_ISSUER,
    acceptedTypes: ['at+jwt'],
    claims: { roles: 'roles', groups: 'groups' },
    audiences: [API_URI],
    algorithms: ['RS256', 'ES256'],
    skewSeconds: 60,
    maxTokenAgeSeconds: { user: 7200, workload: 86400 },
    tenantRules: [{ tenantId: 'tenant-acme', slug: 'acme', when: null }],
    ...changes,
  };
}
