import type { ChangeTrail } from '#accessors/audit/contract.js';
import type { RevocationAccess } from '#accessors/grants/revocation.contract.js';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { IssuedClaims } from '#engines/signing/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { UnitOfWork } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { CallingClient } from './contract.js';
import { asKnown, cutOffOf, provingIn } from './cut-offs.js';
import { IssuedSubjects, type ReferredSubject } from './issued-subjects.js';
import { OPERATORS_TENANT } from './operators-tenant.js';
import type { Introspection, TokenStatus } from './token-status.contract.js';

export interface TokenStatusParts extends Pick<
  AuthorizationParts,
  'signingEngine' | 'registrationAccess' | 'issuerAccess' | 'counters'
> {
  readonly factAccess: Pick<AuthorizationParts['factAccess'], 'factsOf' | 'tenantNamed'>;
  readonly revocationAccess: Pick<RevocationAccess, 'revokes' | 'revoke' | 'announce'>;
  readonly changeTrail: Pick<ChangeTrail, 'recordWithin'>;
  readonly unitOfWork: UnitOfWork;
}

/** Whoever asks: what it is bound to is answered, and nobody is let in by it. */
const WHATEVER_IT_IS_FOR = Object.freeze({ audience: null, shown: 'any' } as const);
const INACTIVE: Introspection = Object.freeze({ active: false });
/** Of a token, what its audience reads in it (RFC 7662 §2.2, RFC 8693 §4, RFC 9396 §9.1). What is not named here is not told. */
const TOLD = [
  ...['iss', 'sub', 'aud', 'client_id', 'iat', 'exp', 'jti', 'scope', 'act', 'cnf', 'acr', 'amr', 'auth_time'],
  ...['tenant', 'permissions', 'authorization_details', 'impersonated', 'oat', 'hop', 'pv', 'ep', 'cnd'],
] as const;
const NO_GROUPS: readonly string[] = [];

/** Tells of tokens that were issued here, and ends them. */
export class DefaultTokenStatus implements TokenStatus {
  private readonly subjects: IssuedSubjects;

  constructor(private readonly deps: TokenStatusParts) {
    this.subjects = new IssuedSubjects(deps);
  }

  async introspect(context: CallContext, client: CallingClient, token: string): Promise<Introspection> {
    if (!client.proven) throw new CodedError('CLIENT_UNAUTHENTICATED');
    const verdict = this.deps.signingEngine.verifyIssued(context, token, WHATEVER_IT_IS_FOR);
    const active = verdict.genuine && maySee(client.registration, verdict.claims) && (await this.stands(context, verdict.claims));
    this.deps.counters.increment('introspections', active ? 'active' : 'inactive');
    return active ? { active, claims: claimsIn(token, verdict.claims) } : INACTIVE;
  }

  async revoke(context: CallContext, client: CallingClient, token: string): Promise<void> {
    const verdict = this.deps.signingEngine.verifyIssued(context, token, WHATEVER_IT_IS_FOR);
    if (!verdict.genuine) {
      if (!client.proven) throw new CodedError('CLIENT_UNAUTHENTICATED');
      return;
    }
    const { claims } = verdict;
    const clientId = client.proven ? client.registration.clientId : await this.publicClient(context, client.clientId, claims);
    if (clientId !== claims.clientId) return;
    // A second time changes nothing, and leaves no second record.
    if (this.deps.revocationAccess.revokes(context, claims) !== undefined) return;
    await this.keep(context, claims);
  }

  /** RFC 7009 §2.1: a public client has nothing to prove itself with but the token that it gives up. @throws CodedError `CLIENT_UNAUTHENTICATED` */
  private async publicClient(context: CallContext, named: string | undefined, { clientId }: IssuedClaims): Promise<string> {
    const client = named === clientId ? await this.deps.registrationAccess.clientNamed(context, clientId) : undefined;
    if (client?.kind !== 'public') throw new CodedError('CLIENT_UNAUTHENTICATED');
    return client.clientId;
  }

  private async keep(context: CallContext, { tokenId, tenant, subject, clientId, ...times }: IssuedClaims): Promise<void> {
    const { revocationAccess, changeTrail, unitOfWork } = this.deps;
    const because = `client ${clientId}, to which it was issued`;
    await unitOfWork.run(async () => {
      const kept = await revocationAccess.revoke(context, {
        target: { by: 'token', tokenId, of: { tenant, subject, clientId } },
        before: times.issuedAt + 1,
        until: times.expiresAt,
        because,
      });
      const wider = kept.target.by === 'token' ? '' : `; too many single tokens, so everything of its ${kept.target.by}`;
      const detail = `token ${tokenId} of ${subject} in ${tenant} by ${because}${wider}`;
      await changeTrail.recordWithin(context, { outcome: 'changed', what: 'token.revoked', detail });
    });
    await revocationAccess.announce(context);
  }

  /** SECURITY: by everything that is so now: revocations, its client, its issuer, its subject and its tenant. */
  private async stands(context: CallContext, claims: IssuedClaims): Promise<boolean> {
    const referred = await this.subjects.referredBy(context, claims);
    return !('fallen' in referred) && (await this.isLive(context, referred));
  }

  private async isLive(context: CallContext, referred: ReferredSubject): Promise<boolean> {
    const { claims, reference } = referred;
    const { tenant } = claims;
    const tenantId = tenant === OPERATORS_TENANT ? PLATFORM_TENANT : await this.deps.factAccess.tenantNamed(context, tenant);
    if (tenantId === undefined) return false;
    const subject = { by: 'identity', identity: reference.identity } as const;
    const facts = await this.deps.factAccess.factsOf(context, { tenantId, subject, groups: NO_GROUPS });
    if (facts.tenantStatus !== 'active' || (facts.subject !== null && facts.subject.status !== 'active')) return false;
    // It may have been issued before its subject was linked.
    return cutOffOf(this.deps, context, asKnown(provingIn(referred), facts)) === undefined;
  }
}

/** The service that the token is for, and whoever it was issued to. */
function maySee({ clientId, checks, serves }: RegisteredClient, claims: IssuedClaims): boolean {
  const { audience } = claims;
  return clientId === claims.clientId || checks?.includes(audience) === true || serves?.includes(audience) === true;
}

/** Only of a token that was verified to the byte. */
function claimsIn(token: string, { confirmation }: IssuedClaims): Readonly<Record<string, unknown>> {
  const [, payload = ''] = token.split('.', 2);
  const written = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as Readonly<Record<string, unknown>>;
  const told: Record<string, unknown> = { token_type: confirmation?.['jkt'] === undefined ? 'Bearer' : 'DPoP' };
  for (const name of TOLD) if (written[name] !== undefined) told[name] = written[name];
  return told;
}
