import type { TrustedIssuer, VerificationKey } from '#accessors/issuer/contract.js';
import type { Inspection, PresenterExpectation, ValidationReport } from '#engines/token-validation/contract.js';
import { DefaultTokenValidationEngine } from '#engines/token-validation/default.token-validation.engine.js';
import { createEntraIdIdentityProvider } from '#engines/token-validation/providers/entra-id.identity-provider.js';
import { createOidcIdentityProvider } from '#engines/token-validation/providers/oidc.identity-provider.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import {
  API,
  API_URI,
  CLIENT,
  DIRECTORY,
  OBJECT,
  OIDC_ISSUER,
  StubIssuerAccess,
  V1_ISSUER,
  V2_ISSUER,
  entraIssuer,
  oidcIssuer,
} from './stub.issuer.access.js';
import { makeKey, signedToken, verificationKey, type TestKey } from './token-factory.js';

export const OWN_ISSUER = 'https://auth.example.com';
export const CONTEXT: CallContext = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' };
const ENTRA_KEY_ISSUER = 'https://login.microsoftonline.com/{tenantid}/v2.0';

type Json = Readonly<Record<string, unknown>>;

const entraKey = makeKey('RS256', 'entra-1');
const oidcRsaKey = makeKey('RS256', 'oidc-rsa');
const oidcEcKey = makeKey('ES256', 'oidc-ec');

interface BenchOptions {
  readonly entra?: Parameters<typeof entraIssuer>[0];
  readonly oidc?: Parameters<typeof oidcIssuer>[0];
}

/** The real engine with both providers, one Entra issuer (v1 and v2) and one OIDC issuer, and tokens for them. */
export class ValidationBench {
  readonly clock = new ManualClock();
  readonly issuerAccess = new StubIssuerAccess();
  readonly engine: DefaultTokenValidationEngine;
  readonly keys = { entra: entraKey, oidc: oidcRsaKey, oidcEc: oidcEcKey };
  shown: readonly Readonly<Record<string, string>>[] = [];
  presenter: PresenterExpectation = {
    ownPresenters: [
      { issuer: 'contoso', id: CLIENT },
      { issuer: 'keycloak', id: 'spa' },
    ],
    listedPresenters: [],
    apiAudiences: [],
  };

  constructor(options: BenchOptions = {}) {
    const entra = entraIssuer(options.entra);
    const v2Key = verificationKey(entraKey, ENTRA_KEY_ISSUER);
    this.trust(entra, V2_ISSUER, [v2Key]);
    this.trust(entra, V1_ISSUER, [verificationKey(entraKey)]);
    this.trust(oidcIssuer(options.oidc), OIDC_ISSUER, [verificationKey(oidcRsaKey), verificationKey(oidcEcKey)]);
    this.engine = new DefaultTokenValidationEngine({
      issuerAccess: this.issuerAccess,
      providers: [createEntraIdIdentityProvider(), createOidcIdentityProvider()],
      clock: this.clock,
      ownIssuer: OWN_ISSUER,
    });
  }

  get now(): number {
    return this.clock.now() / 1000;
  }

  trust(issuer: TrustedIssuer, iss: string, keys: readonly VerificationKey[]): void {
    this.issuerAccess.trust(issuer, iss, keys);
  }

  /** Claims of a v2 user token; a change to `undefined` leaves the claim out. */
  v2Claims(changes: Json = {}): Json {
    return {
      aud: API,
      iss: V2_ISSUER,
      iat: this.now - 60,
      nbf: this.now - 60,
      exp: this.now + 3600,
      azp: CLIENT,
      azpacr: '1',
      oid: OBJECT,
      sub: 'pairwise-subject',
      tid: DIRECTORY,
      ver: '2.0',
      uti: 'u-1',
      scp: 'access_as_user',
      ...changes,
    };
  }

  v1Claims(changes: Json = {}): Json {
    const { azp: _azp, azpacr: _azpacr, ...rest } = this.v2Claims();
    return { ...rest, aud: API_URI, iss: V1_ISSUER, ver: '1.0', appid: CLIENT, appidacr: '1', ...changes };
  }

  oidcClaims(changes: Json = {}): Json {
    return {
      iss: OIDC_ISSUER,
      sub: 'alice',
      aud: API_URI,
      client_id: 'spa',
      iat: this.now - 60,
      exp: this.now + 3600,
      jti: 'j-1',
      ...changes,
    };
  }

  v2Token(changes: Json = {}, header: Json = {}, key: TestKey = entraKey): string {
    return signedToken({ typ: 'JWT', alg: 'RS256', kid: entraKey.kid, ...header }, this.v2Claims(changes), key);
  }

  v1Token(changes: Json = {}, header: Json = {}): string {
    return signedToken({ typ: 'JWT', alg: 'RS256', kid: entraKey.kid, ...header }, this.v1Claims(changes), entraKey);
  }

  oidcToken(changes: Json = {}, header: Json = {}, key: TestKey = oidcRsaKey): string {
    return signedToken({ typ: 'at+jwt', alg: key.algorithm, kid: key.kid, ...header }, this.oidcClaims(changes), key);
  }

  validate(token: string): Promise<ValidationReport> {
    return this.engine.validate(CONTEXT, { token, field: 'subject_token', presenter: this.presenter, shown: this.shown });
  }

  async inspect(token: string): Promise<ValidationReport> {
    return (await this.inspection(token)).report;
  }

  inspection(token: string): Promise<Inspection> {
    return this.engine.inspect(CONTEXT, { token, field: 'subject_token', presenter: this.presenter, shown: this.shown });
  }

  /** `accepted`, or the one code that `validate` refuses the token with. */
  async verdict(token: string): Promise<string> {
    const report = await this.validate(token);
    return report.outcome === 'accepted' ? 'accepted' : report.findings[0].code;
  }

  async inspectedCodes(token: string): Promise<readonly string[]> {
    const report = await this.inspect(token);
    return report.outcome === 'accepted' ? [] : report.findings.map((finding) => finding.code);
  }
}
