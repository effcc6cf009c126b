import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { KeyName, PresentedActor } from '#engines/delegation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { cutOffOf } from './cut-offs.js';
import { isOurs, kindOf } from './handed-in.js';
import { IssuedSubjects } from './issued-subjects.js';
import { refusalOfToken, UpstreamSubjects } from './upstream-subjects.js';

type Parts = Pick<
  AuthorizationParts,
  | 'tokenValidationEngine'
  | 'directoryAccess'
  | 'signingEngine'
  | 'issuerAccess'
  | 'registrationAccess'
  | 'revocationAccess'
  | 'factAccess'
>;

interface Handing {
  readonly client: RegisteredClient;
  readonly shown: readonly KeyName[];
  readonly token: string;
  /** Of the subject: where an actor belongs to several tenants, it acts in that one. */
  readonly slug: string;
}

/** An actor, before it is known by which name our tokens know it. */
interface Named {
  readonly kind: 'user' | 'workload';
  readonly identity: UpstreamIdentity;
  readonly tenant: { readonly tenantId: string; readonly slug: string } | undefined;
  /** Unix seconds. */
  readonly issuedAt: number;
}

/** Actor tokens, of trusted issuers and our own. Each is validated in full, as a subject token is. */
export class ActorTokens {
  private readonly upstream: UpstreamSubjects;
  private readonly issued: IssuedSubjects;

  constructor(private readonly deps: Parts) {
    this.upstream = new UpstreamSubjects(deps);
    this.issued = new IssuedSubjects(deps);
  }

  /** @throws CodedError `ACTOR_TOKEN_INVALID`, or a fault of ours */
  async accept(context: CallContext, handing: Handing): Promise<PresentedActor> {
    const { client: presenter, shown, token, slug } = handing;
    const report = await this.upstream.validate(context, { presenter, shown, token, field: 'actor_token' });
    if (isOurs(report)) return this.ofOurs(context, handing);
    if (report.outcome === 'rejected') {
      const refusal = refusalOfToken(report, 'actor_token');
      throw isServiceFault(refusal.code) ? refusal : invalid(refusal.details.internal ?? refusal.code);
    }
    const { principal } = report;
    const { kind, identity, tenants, issuedAt } = principal;
    const tenant = tenants.find((rule) => rule.slug === slug) ?? tenants[0];
    const subject = await this.subjectOf(context, presenter, { kind, identity, tenant, issuedAt });
    return {
      subject,
      identity,
      tenants: tenants.map((rule) => rule.slug),
      issuer: principal.issuer,
      isOwn: principal.case === 'own',
      isActedFor: principal.actors.length > 0,
      confirmation: principal.confirmation,
      expiresAt: principal.expiresAt,
    };
  }

  private async ofOurs(context: CallContext, { client, shown, token }: Handing): Promise<PresentedActor> {
    const verdict = this.deps.signingEngine.verifyIssued(context, token, { audience: null, shown });
    if (!verdict.genuine) throw invalid(`one of ours: ${verdict.fault}`);
    const { claims } = verdict;
    const referred = await this.issued.referredBy(context, claims);
    if ('fallen' in referred) throw invalid(referred.fallen);
    const { identity, issuer } = referred.reference;
    const tenantId = await this.deps.factAccess.tenantNamed(context, claims.tenant);
    const tenant = tenantId === undefined ? undefined : { tenantId, slug: claims.tenant };
    const named = { kind: kindOf(claims.subject), identity, tenant, issuedAt: claims.issuedAt };
    return {
      subject: await this.subjectOf(context, client, named),
      identity,
      issuer,
      tenants: tenant === undefined ? [] : [claims.tenant],
      isOwn: claims.clientId === client.clientId,
      isActedFor: claims.act !== null || claims.impersonated,
      confirmation: claims.confirmation,
      expiresAt: claims.expiresAt,
    };
  }

  /** SECURITY: an actor that was disabled or cut off acts no more, and one that is known under several identities is one actor. */
  private async subjectOf(context: CallContext, { clientId }: RegisteredClient, named: Named): Promise<string> {
    const { kind, identity, tenant, issuedAt } = named;
    // Of no tenant: it is refused for that.
    if (tenant === undefined) return this.deps.signingEngine.subjectOf(context, kind, identity);
    const { tenantId, slug } = tenant;
    const facts = await this.deps.factAccess.factsOf(context, { tenantId, subject: { by: 'identity', identity }, groups: [] });
    if (facts.tenantStatus !== 'active') throw invalid('its tenant is suspended');
    if (facts.subject !== null && facts.subject.status !== 'active') throw invalid('it is disabled');
    const primary = facts.subject?.primaryIdentity ?? identity;
    const revoked = cutOffOf(this.deps, context, { kind, identity: primary, tenant: slug, clientId, issuedAt });
    if (revoked !== undefined) throw invalid(`its ${revoked.by} was revoked`);
    return this.deps.signingEngine.subjectOf(context, kind, primary);
  }
}

function invalid(internal: string): CodedError {
  return new CodedError('ACTOR_TOKEN_INVALID', { field: 'actor_token', internal });
}
