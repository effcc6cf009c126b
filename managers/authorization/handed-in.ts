import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { ActorClaim, IssuedTerms, KeyName, MayAct } from '#engines/delegation/contract.js';
import type { IssuedTokenFault, IssuedVerdict } from '#engines/signing/contract.js';
import type { AcceptedReport, Principal, ValidationReport } from '#engines/token-validation/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { ExchangeTrail } from './exchange-trail.js';
import { IssuedSubjects, limitsOf, liveQuestionOf, type ReferredSubject } from './issued-subjects.js';
import type { LiveQuestion } from './live-readings.js';
import { OPERATORS_TENANT } from './operators-tenant.js';
import { selectTenant } from './tenant-selection.js';
import { issIn, refusalOfToken, UpstreamSubjects } from './upstream-subjects.js';

/** A subject token that was accepted, whoever issued it. */
export interface HandedIn {
  readonly kind: 'user' | 'workload';
  readonly identity: UpstreamIdentity;
  /** Name of the trusted issuer that vouches for the subject, and `iss` by which it is known. */
  readonly issuer: string;
  readonly iss: string;
  /** `null` for one of ours. */
  readonly presenter: Principal['case'] | null;
  /** What one of ours says of itself; `null` for one of a trusted issuer. */
  readonly terms: IssuedTerms | null;
  readonly tenantId: string;
  readonly slug: string;
  readonly question: LiveQuestion;
  readonly act: ActorClaim | null;
  readonly mayAct: MayAct | null;
  readonly confirmation: KeyName | null;
  readonly origin: { readonly issuedAt: number; readonly endsAt: number; readonly depth: number };
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authTime: number | null;
  /** `null`: not one of ours. */
  readonly tokenId: string | null;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly tokenSha256: string;
}

/** Who hands what in, and what is known of it already. */
export interface Handing {
  readonly client: RegisteredClient;
  readonly shown: readonly KeyName[];
  readonly token: string;
  /** Slug that the request names. */
  readonly tenant: string | undefined;
  /** What the validation said before the client was known. */
  readonly report?: AcceptedReport;
  readonly trail: ExchangeTrail;
}

type Parts = Pick<
  AuthorizationParts,
  | 'tokenValidationEngine'
  | 'directoryAccess'
  | 'signingEngine'
  | 'issuerAccess'
  | 'registrationAccess'
  | 'revocationAccess'
  | 'factAccess'
  | 'clock'
>;

/** As long as those of trusted issuers must last. */
const LEAST_SECONDS_LEFT = 30;

/** Subject tokens, of trusted issuers and our own, as one. */
export class HandedInTokens {
  private readonly upstream: UpstreamSubjects;
  private readonly issued: IssuedSubjects;

  constructor(private readonly deps: Parts) {
    this.upstream = new UpstreamSubjects(deps);
    this.issued = new IssuedSubjects(deps);
  }

  /** @throws CodedError what is wrong with the token or its tenant */
  async accept(context: CallContext, handing: Handing): Promise<HandedIn> {
    const { client: presenter, shown, token, trail } = handing;
    const report = handing.report ?? (await this.upstream.validate(context, { presenter, shown, token, field: 'subject_token' }));
    trail.subjectTokenSha256 = report.tokenSha256;
    trail.issuer = report.outcome === 'accepted' ? report.principal.issuer : report.issuer;
    if (report.outcome === 'accepted') return this.ofIssuer(context, handing, report);
    if (!isOurs(report)) throw refusalOfToken(report, 'subject_token');
    return this.ofOurs(context, handing, report.tokenSha256 ?? '');
  }

  /** One of a trusted issuer, once it was validated. @throws CodedError `TENANT_UNRESOLVED`, `TENANT_AMBIGUOUS`, `TENANT_NOT_ALLOWED` */
  ofIssuer(context: CallContext, { token, tenant: wanted }: Pick<Handing, 'token' | 'tenant'>, report: AcceptedReport): HandedIn {
    const { principal, tokenSha256 } = report;
    const { tenantId, slug } = selectTenant(principal.tenants, wanted);
    const { kind, identity, issuer, confirmation, acr, amr, authTime, issuedAt, expiresAt } = principal;
    const iss = issIn(token);
    return {
      ...{ kind, identity, issuer, iss, confirmation, acr, amr, authTime, issuedAt, expiresAt, tokenSha256, tenantId, slug },
      presenter: principal.case,
      terms: null,
      tokenId: null,
      question: this.upstream.questionOf(context, tenantId, { principal, token }),
      act: this.actorsOf(context, principal, iss),
      mayAct: mayActOf(principal, iss),
      // Its own age was judged with it.
      origin: { issuedAt, endsAt: Number.MAX_SAFE_INTEGER, depth: 0 },
    };
  }

  private async ofOurs(context: CallContext, handing: Handing, tokenSha256: string): Promise<HandedIn> {
    const { shown, token, tenant: wanted, trail } = handing;
    const claims = genuine(this.deps.signingEngine.verifyIssued(context, token, { audience: null, shown }));
    if (wanted !== undefined && wanted !== claims.tenant) throw new CodedError('TENANT_NOT_ALLOWED', { field: 'tenant' });
    const referred = await this.issued.referredBy(context, claims);
    if ('fallen' in referred) throw new CodedError('TOKEN_REVOKED', { field: 'subject_token', internal: referred.fallen });
    const { reference } = referred;
    trail.issuer = reference.issuer;
    if (claims.expiresAt - this.deps.clock.now() / 1_000 < LEAST_SECONDS_LEFT) throw refused('TOKEN_EXPIRES_TOO_SOON');
    const tenantId = await this.tenantIdOf(context, claims.tenant);
    const kind = kindOf(claims.subject);
    const { acr, amr, authTime, tokenId, issuedAt, expiresAt, act, confirmation } = claims;
    return {
      ...{ kind, tokenSha256, tenantId, act, confirmation, acr, amr, authTime, tokenId, issuedAt, expiresAt },
      identity: reference.identity,
      issuer: reference.issuer,
      iss: reference.iss,
      presenter: null,
      terms: await this.termsOf(context, referred),
      slug: claims.tenant,
      question: liveQuestionOf(tenantId, referred),
      mayAct: reference.mayAct ?? null,
      origin: { ...claims.origin, endsAt: claims.origin.issuedAt + (await this.mostAgeOf(context, reference.iss, kind)) },
    };
  }

  /** Whoever acts at the identity provider goes on to act here, by a name of ours. */
  private actorsOf(context: CallContext, { actors, identity }: Principal, iss: string): ActorClaim | null {
    const nameOf = ({ sub, iss: of }: Principal['actors'][number]): string => {
      const instance = of === null || of === iss ? identity.instance : `oidc:${of}`;
      return this.deps.signingEngine.subjectOf(context, 'workload', { instance, externalId: sub });
    };
    return actors.reduceRight<ActorClaim | null>(
      (act, actor) => ({ sub: nameOf(actor), ...(act === null ? {} : { act }) }),
      null,
    );
  }

  /** What it left to Check is named by the application that it is for. */
  private async termsOf(context: CallContext, referred: ReferredSubject): Promise<IssuedTerms> {
    const { audience, clientId, impersonated } = referred.claims;
    const application = await this.deps.registrationAccess.applicationFor(context, audience);
    return { audience, clientId, impersonated, permissions: application === undefined ? [] : limitsOf(referred, application) };
  }

  private async mostAgeOf(context: CallContext, iss: string, kind: HandedIn['kind']): Promise<number> {
    const issuer = await this.deps.issuerAccess.trustedIssuer(context, iss);
    return issuer?.maxTokenAgeSeconds[kind] ?? 0;
  }

  private async tenantIdOf(context: CallContext, slug: string): Promise<string> {
    if (slug === OPERATORS_TENANT) return PLATFORM_TENANT;
    const tenantId = await this.deps.factAccess.tenantNamed(context, slug);
    if (tenantId === undefined) throw new CodedError('TENANT_UNRESOLVED', { field: 'subject_token' });
    return tenantId;
  }
}

/** SECURITY: only where to look next; whether it is ours is told by the signature alone. */
export function isOurs(report: ValidationReport): boolean {
  return report.outcome === 'rejected' && report.findings[0].code === 'TOKEN_IS_OURS';
}

export function kindOf(subject: string): HandedIn['kind'] {
  return subject.startsWith('w_') ? 'workload' : 'user';
}

/** Names that another issuer than that of the token gave are names of nobody here. */
function mayActOf({ mayAct, issuer }: Principal, iss: string): MayAct | null {
  if (mayAct === null) return null;
  const isTheirs = mayAct.iss === null || mayAct.iss === iss;
  return { issuer: isTheirs ? issuer : null, sub: mayAct.sub, clientId: mayAct.clientId };
}

const CODES: Readonly<Partial<Record<IssuedTokenFault, ErrorCode>>> = {
  'key-unknown': 'TOKEN_KEY_UNKNOWN',
  'signature-invalid': 'TOKEN_SIGNATURE_INVALID',
  'type-mismatch': 'TOKEN_TYPE_MISMATCH',
  expired: 'TOKEN_EXPIRED',
  'not-yet-valid': 'TOKEN_NOT_YET_VALID',
  'claims-incomplete': 'TOKEN_CLAIM_INVALID',
  'sender-constrained': 'BINDING_NOT_SHOWN',
};

function genuine(verdict: IssuedVerdict) {
  if (verdict.genuine) return verdict.claims;
  throw refused(CODES[verdict.fault] ?? 'TOKEN_SIGNATURE_INVALID', `one of ours: ${verdict.fault}`);
}

function refused(code: ErrorCode, internal?: string): CodedError {
  return new CodedError(code, { field: 'subject_token', ...(internal === undefined ? {} : { internal }) });
}
