import type { Application, ClientTarget, RegisteredClient } from '#accessors/registration/contract.js';
import type { GrantLimits, KeyName, PresentedActor } from '#engines/delegation/contract.js';
import type { PermissionDecision, PermissionRequest } from '#engines/permission/contract.js';
import type { IssuedToken, MintRequest } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import { actorCutOffOf } from './acting-cut-offs.js';
import { ActorTokens } from './actor-tokens.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { CallingClient, ExchangeRequest, ExchangeResult } from './contract.js';
import { refuseRevoked } from './cut-offs.js';
import { ExchangeGrants, type GrantWish } from './exchange-grant.js';
import { checkParameters, type ExchangeParameters } from './exchange-parameters.js';
import { type ExchangeTrail, recordOf, refusalOf, startTrail } from './exchange-trail.js';
import { type HandedIn, HandedInTokens } from './handed-in.js';
import { type LiveQuestion, type LiveReading, LiveReadings } from './live-readings.js';
import { checkOperatorsTenant } from './operators-tenant.js';
import { policyVersionOf } from './policy-version.js';
import { RateLimits } from './rate-limits.js';
import { ShadowComparison } from './shadow-comparison.js';
import { PublicClients, type SettledClient } from './public-clients.js';
import { notAfterOf } from './token-horizon.js';
import { watchSize } from './token-size.js';
import { referenceTo } from './upstream-subjects.js';

/** One exchange under way. */
interface Attempt {
  readonly context: CallContext;
  readonly client: RegisteredClient;
  /** A public client is named by the verified token alone. */
  readonly settled: SettledClient | null;
  readonly shown: readonly KeyName[];
  readonly trail: ExchangeTrail;
}

interface Target {
  readonly application: Application;
  readonly limits: ClientTarget;
}

/** Whose token is exchanged, for what, within which limits. */
interface Wish {
  readonly target: Target;
  readonly handed: HandedIn;
  readonly limits: GrantLimits;
  readonly scope: readonly string[] | null;
}

/** Who is to act, and whether the token is to say so. */
type Asked = Pick<GrantWish, 'actor' | 'impersonation'>;

/** What was decided, and on what. */
interface Decided {
  readonly request: PermissionRequest;
  readonly granted: Extract<PermissionDecision, { effect: 'granted' }>;
}

/** From a subject token to an issued one. */
export class ExchangeSequence {
  private readonly publicClients: PublicClients;
  private readonly tokens: HandedInTokens;
  private readonly actors: ActorTokens;
  private readonly grants: ExchangeGrants;
  private readonly readings: LiveReadings;
  private readonly shadow: ShadowComparison;

  private readonly rates: RateLimits;

  constructor(private readonly deps: AuthorizationParts) {
    this.rates = new RateLimits(deps);
    this.publicClients = new PublicClients(deps);
    this.tokens = new HandedInTokens(deps);
    this.actors = new ActorTokens(deps);
    this.grants = new ExchangeGrants(deps);
    this.readings = new LiveReadings(deps);
    this.shadow = new ShadowComparison({ ...deps, readings: this.readings });
  }

  /** When this returns, and when it throws a refusal of a client that is known, the audit record is durable. */
  async run(context: CallContext, caller: CallingClient, request: ExchangeRequest): Promise<ExchangeResult> {
    const settled = caller.proven ? null : await this.publicClients.settle(context, caller, request.subjectToken);
    if (settled !== null) this.rates.client(settled.client.clientId);
    const { shown } = caller;
    const attempt = { context, settled, shown, ...startOf(caller, settled) };
    try {
      return await this.issue(attempt, request);
    } catch (error) {
      throw await this.recorded(attempt, error);
    }
  }

  /** One line a step; every step throws its own refusal. */
  private async issue(attempt: Attempt, request: ExchangeRequest): Promise<ExchangeResult> {
    const { context, trail } = attempt;
    const parameters = checkParameters(request);
    const target = await this.targetOf(attempt, parameters.target);
    const handed = await this.handedIn(attempt, parameters, request.tenant);
    const reading = await this.readings.read(context, handed.question);
    checkOperatorsTenant(handed.slug, target.application.audience, reading.facts);
    const { actorToken, impersonation } = parameters;
    const actor =
      actorToken === null
        ? null
        : await this.actorOf(attempt, actorToken, { slug: handed.slug, tenantPairs: target.limits.tenantPairs });
    const limits = this.admitted(attempt, { target, handed, reading, actor, impersonation });
    const wish = { target, handed, limits, scope: parameters.scope };
    const decided = this.decided(wish, reading);
    const issued = await this.minted(attempt, wish, { decided, reading });
    // Readings take their time: what was revoked meanwhile is not answered.
    this.refuseCutOff(attempt, handed, issued.subject);
    await this.deps.auditAccess.record(context, recordOf({ trail, limits, decided, issued }));
    this.compareWithShadow(attempt, handed.question, decided);
    return {
      accessToken: issued.token,
      issuedTokenType: parameters.issuedTokenType,
      tokenType: limits.confirmation !== null && Object.hasOwn(limits.confirmation, 'jkt') ? 'DPoP' : 'Bearer',
      expiresInSeconds: issued.expiresAt - issued.issuedAt,
      scope: decided.granted.scope,
      conditional: decided.granted.conditional,
      details: decided.granted.details,
      consistencyToken: this.deps.signingEngine.consistencyToken(context, reading.facts),
    };
  }

  private async targetOf({ context, client, trail }: Attempt, named: string | undefined): Promise<Target> {
    const audience = named ?? soleTargetOf(client);
    const application = await this.deps.registrationAccess.applicationFor(context, audience);
    if (application === undefined) throw new CodedError('TARGET_UNKNOWN', { field: 'audience' });
    trail.audience = audience;
    const limits = client.targets.find((target) => target.audience === audience);
    if (limits === undefined) throw new CodedError('TARGET_NOT_ALLOWED', { field: 'audience' });
    return { application, limits };
  }

  private async handedIn(attempt: Attempt, parameters: ExchangeParameters, tenant: string | undefined): Promise<HandedIn> {
    const { context, client, shown, settled, trail } = attempt;
    const known = settled === null ? {} : { report: settled.report };
    const handing = { client, shown, tenant, trail, token: parameters.subjectToken, ...known };
    const handed = await this.tokens.accept(context, handing);
    trail.tenantId = handed.tenantId;
    if (trail.issuer !== null) this.rates.issuer(trail.issuer);
    return handed;
  }

  private actorOf(
    { context, client, shown }: Attempt,
    token: string,
    where: { readonly slug: string; readonly tenantPairs: ClientTarget['tenantPairs'] },
  ): Promise<PresentedActor> {
    return this.actors.accept(context, { client, shown, token, ...where });
  }

  /** SECURITY: after the reading, which tells who a linked identity is: the subject must not act for itself under another name. */
  private admitted(
    attempt: Attempt,
    {
      target,
      handed,
      reading,
      ...wanted
    }: Asked & { readonly target: Target; readonly handed: HandedIn; readonly reading: LiveReading },
  ): GrantLimits {
    const { context, client, settled, shown } = attempt;
    const { kind } = handed;
    const subject = this.deps.signingEngine.subjectOf(context, kind, reading.facts.subject?.primaryIdentity ?? handed.identity);
    this.refuseCutOff(attempt, handed, subject);
    const asked = { client, clientIsProven: settled === null, shown, target: target.limits };
    return this.grants.admit(context, { ...asked, ...wanted, handed, subject, issues: true });
  }

  /** SECURITY: also of one of ours, which may have been issued before its subject was known by this name. */
  private refuseCutOff({ context, client: { clientId } }: Attempt, handed: HandedIn, subject: string): void {
    const { tokenId, slug: tenant, issuedAt, origin } = handed;
    refuseRevoked(this.deps, context, { tokenId, tenant, subject, clientId, issuedAt, origin });
    const actor = actorCutOffOf(this.deps, context, { act: handed.act, tenant, clientId, issuedAt });
    if (actor !== undefined)
      throw new CodedError('TOKEN_REVOKED', { field: 'subject_token', internal: `the ${actor.by} of an actor` });
  }

  private decided({ target: { application, limits: target }, handed, limits, scope }: Wish, reading: LiveReading): Decided {
    const now = this.deps.clock.now();
    const lifetimeSeconds = application.tokenLifetimeSeconds ?? this.deps.defaultLifetimeSeconds;
    const request = {
      ...reading,
      application,
      context: application.settlesContext === true ? NOTHING_KNOWN : null,
      boundary: target.scopes,
      ceiling: null,
      ceilings: limits.within,
      scope,
      unit: null,
      now,
      until: Math.min(now + lifetimeSeconds * 1_000, handed.expiresAt * 1_000, limits.notAfter * 1_000),
    };
    const granted = this.deps.permissionEngine.effectivePermissions(request);
    if (granted.effect === 'granted') return { request, granted };
    throw new CodedError(granted.code, {
      field: granted.code.startsWith('SCOPE_') ? 'scope' : 'subject_token',
      internal: granted.because,
      ...(granted.actual === undefined ? {} : { actual: granted.actual }),
    });
  }

  private async minted(
    { context, client }: Attempt,
    { target: { application }, handed, limits }: Wish,
    { decided, reading }: { readonly decided: Decided; readonly reading: LiveReading },
  ): Promise<IssuedToken> {
    const { granted, request } = decided;
    const issued = await this.deps.signingEngine.mint(context, {
      ...lineageOf(limits),
      kind: handed.kind,
      identity: reading.facts.subject?.primaryIdentity ?? handed.identity,
      clientId: client.clientId,
      audience: application.audience,
      algorithm: application.signingAlgorithm ?? 'ES256',
      tenant: handed.slug,
      permissions: granted.permissions,
      permissionBits: () => bitsOf(granted.permissions, application),
      scope: granted.scope,
      details: granted.details,
      conditionalCount: granted.conditional.length,
      reference: referenceTo(handed, reading, conditionalBits(granted, application)),
      acr: handed.acr,
      amr: handed.amr,
      authTime: handed.authTime,
      policyVersion: policyVersionOf(reading.policy),
      epoch: reading.facts.epoch,
      lifetimeSeconds: application.tokenLifetimeSeconds,
      notAfter: notAfterOf({ ...request, validUntil: granted.validUntil, identity: handed.identity }),
    });
    watchSize(this.deps, context, { issued, audience: application.audience, granted });
    return issued;
  }

  private compareWithShadow({ context }: Attempt, question: LiveQuestion, { request, granted }: Decided): void {
    this.shadow.afterExchange(context, question, { request, granted });
  }

  /** A refusal is durable before it is told. A fault of ours is not a refusal: it is counted and told as it is. */
  private async recorded({ context, trail }: Attempt, error: unknown): Promise<unknown> {
    if (!isCodedError(error) || isServiceFault(error.code)) {
      this.deps.counters.increment('exchanges.failed', isCodedError(error) ? error.code : 'INTERNAL');
      return error;
    }
    this.deps.counters.increment('exchanges.refused', error.code);
    await this.deps.auditAccess.record(context, refusalOf(trail, error));
    return error;
  }
}

/** Who is recorded, from the first step on. */
function startOf(caller: CallingClient, settled: SettledClient | null): Pick<Attempt, 'client' | 'trail'> {
  const { client, singleUse } = caller.proven ? { client: caller.registration, singleUse: caller.singleUse } : mustBe(settled);
  return { client, trail: startTrail(client.clientId, singleUse) };
}

function mustBe(settled: SettledClient | null): SettledClient {
  if (settled === null) throw new CodedError('INTERNAL', { internal: 'an unproven client that nothing settled' });
  return settled;
}

/** What the token says of how it came to be. */
function lineageOf({ act, confirmation, impersonated, originIssuedAt, depth }: GrantLimits): Lineage {
  return {
    actorClientId: null,
    ...(act === null ? {} : { act }),
    ...(confirmation === null ? {} : { confirmation }),
    impersonated,
    origin: { issuedAt: originIssuedAt, depth },
  };
}

type Lineage = Pick<MintRequest, 'actorClientId' | 'act' | 'confirmation' | 'impersonated' | 'origin'>;

/** Nothing of `context.*` comes with an exchange. */
const NOTHING_KNOWN = Object.freeze({});
const NO_BITS: readonly number[] = [];

function conditionalBits({ conditional }: Decided['granted'], application: Application): readonly number[] {
  if (conditional.length === 0) return NO_BITS;
  return bitsOf(
    conditional.map(({ permission }) => permission),
    application,
  );
}

function bitsOf(names: readonly string[], { permissions }: Application): readonly number[] {
  const wanted = new Set(names);
  return permissions.filter(({ name }) => wanted.has(name)).map(({ bit }) => bit);
}

function soleTargetOf(client: RegisteredClient): string {
  const [only, second] = client.targets;
  if (only === undefined || second !== undefined) throw new CodedError('TARGET_MISSING', { field: 'audience' });
  return only.audience;
}
