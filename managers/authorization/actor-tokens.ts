import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { ClientTarget, RegisteredClient } from '#accessors/registration/contract.js';
import type { KeyName, PresentedActor } from '#engines/delegation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { AuthorizationParts } from './authorization.parts.js';
import { asKnown, cutOffOf } from './cut-offs.js';
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
  /** Where it is of no such tenant, it acts in those that are paired with it. */
  readonly tenantPairs: ClientTarget['tenantPairs'];
}

/** An actor, before it is known by which name our tokens know it. */
interface Named {
  readonly kind: 'user' | 'workload';
  readonly identity: UpstreamIdentity;
  /** In which it acts. */
  readonly tenants: readonly ActorTenant[];
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly origin?: { readonly issuedAt: number };
}

type ActorTenant = Readonly<Record<'tenantId' | 'slug', string>>;

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
    const { client: presenter, shown, token } = handing;
    const report = await this.upstream.validate(context, { presenter, shown, token, field: 'actor_token' });
    if (isOurs(report)) return this.ofOurs(context, handing);
    if (report.outcome === 'rejected') {
      const refusal = refusalOfToken(report, 'actor_token');
      throw isServiceFault(refusal.code) ? refusal : invalid(refusal.details.internal ?? refusal.code);
    }
    const { principal } = report;
    const { kind, identity, tenants, issuedAt } = principal;
    const named = { kind, identity, issuedAt, tenants: actsIn(tenants, handing) };
    return {
      subject: await this.subjectOf(context, presenter, named),
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
    const tenants = tenantId === undefined ? [] : [{ tenantId, slug: claims.tenant }];
    const { issuedAt, origin } = claims;
    const named = { kind: kindOf(claims.subject), identity, tenants, issuedAt, origin };
    return {
      subject: await this.subjectOf(context, client, named),
      identity,
      issuer,
      tenants: tenants.map(({ slug }) => slug),
      isOwn: claims.clientId === client.clientId,
      isActedFor: claims.act !== null || claims.impersonated,
      confirmation: claims.confirmation,
      expiresAt: claims.expiresAt,
    };
  }

  /**
   * SECURITY: an actor that was disabled or cut off in any tenant in which it would act acts no more, and one that is known under several
   * identities is one actor. Of no tenant: it is refused for that.
   */
  private async subjectOf(context: CallContext, client: RegisteredClient, named: Named): Promise<string> {
    const { kind, identity, tenants } = named;
    const known: UpstreamIdentity[] = [];
    for (const tenant of tenants) known.push(await this.identityIn(context, tenant, { ...named, clientId: client.clientId }));
    return this.deps.signingEngine.subjectOf(context, kind, known[0] ?? identity);
  }

  private async identityIn(
    context: CallContext,
    { tenantId, slug }: ActorTenant,
    token: Omit<Named, 'tenants'> & { readonly clientId: string },
  ): Promise<UpstreamIdentity> {
    const subject = { by: 'identity', identity: token.identity } as const;
    const facts = await this.deps.factAccess.factsOf(context, { tenantId, subject, groups: [] });
    if (facts.tenantStatus !== 'active') throw invalid('its tenant is suspended');
    if (facts.subject !== null && facts.subject.status !== 'active') throw invalid('it is disabled');
    const known = asKnown({ ...token, tenant: slug }, facts);
    const revoked = cutOffOf(this.deps, context, known);
    if (revoked !== undefined) throw invalid(`its ${revoked.by} was revoked`);
    return known.identity;
  }
}

/** In the tenant of the subject, or else in every one that a pair names. */
function actsIn(tenants: readonly ActorTenant[], { slug, tenantPairs }: Handing): readonly ActorTenant[] {
  const own = tenants.filter((tenant) => tenant.slug === slug);
  if (own.length > 0) return own;
  return tenants.filter(({ slug: actor }) => tenantPairs?.some((pair) => pair.subject === slug && pair.actor === actor) === true);
}

function invalid(internal: string): CodedError {
  return new CodedError('ACTOR_TOKEN_INVALID', { field: 'actor_token', internal });
}
