import type { Application, ClientTarget, RegisteredClient } from '#accessors/registration/contract.js';
import type { PermissionDecision, PermissionRequest } from '#engines/permission/contract.js';
import type { IssuedToken } from '#engines/signing/contract.js';
import type { AcceptedReport } from '#engines/token-validation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { ExchangeRequest, ExchangeResult } from './contract.js';
import { checkParameters } from './exchange-parameters.js';
import { type ExchangeTrail, recordOf, refusalOf, startTrail } from './exchange-trail.js';
import { type LiveQuestion, type LiveReading, LiveReadings } from './live-readings.js';
import { checkOperatorsTenant } from './operators-tenant.js';
import { policyVersionOf } from './policy-version.js';
import { ShadowComparison } from './shadow-comparison.js';
import { selectTenant } from './tenant-selection.js';
import { notAfterOf } from './token-horizon.js';
import { watchSize } from './token-size.js';
import { type ProvenSubject, referenceTo, refusalOfToken, UpstreamSubjects } from './upstream-subjects.js';

/** One exchange under way. */
interface Attempt {
  readonly context: CallContext;
  readonly client: RegisteredClient;
  readonly trail: ExchangeTrail;
}

interface Target {
  readonly application: Application;
  readonly limits: ClientTarget;
}

/** Whose token is exchanged, for what. */
interface Wish {
  readonly target: Target;
  readonly proven: ProvenSubject;
  readonly scope: readonly string[] | null;
}

/** What was decided, and on what. */
interface Decided {
  readonly request: PermissionRequest;
  readonly granted: Extract<PermissionDecision, { effect: 'granted' }>;
}

/** From a subject token to an issued one. */
export class ExchangeSequence {
  private readonly subjects: UpstreamSubjects;
  private readonly readings: LiveReadings;
  private readonly shadow: ShadowComparison;

  constructor(private readonly deps: AuthorizationParts) {
    this.subjects = new UpstreamSubjects(deps);
    this.readings = new LiveReadings(deps);
    this.shadow = new ShadowComparison({ ...deps, readings: this.readings });
  }

  /** When this returns, and when it throws a refusal, the audit record is durable. */
  async run(context: CallContext, client: RegisteredClient, request: ExchangeRequest): Promise<ExchangeResult> {
    const attempt = { context, client, trail: startTrail(client.clientId) };
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
    const report = await this.validated(attempt, parameters.subjectToken);
    const tenant = selectTenant(report.principal.tenants, request.tenant);
    trail.tenantId = tenant.tenantId;
    const proven = { principal: report.principal, token: parameters.subjectToken };
    const question = this.subjects.questionOf(context, tenant.tenantId, proven);
    const reading = await this.readings.read(context, question);
    checkOperatorsTenant(tenant.slug, target.application.audience, reading.facts);
    const wish = { target, proven, scope: parameters.scope };
    const decided = this.decided(wish, reading);
    const issued = await this.minted(attempt, wish, { decided, reading, slug: tenant.slug });
    await this.deps.auditAccess.record(context, recordOf({ ...attempt, report, decided, issued }));
    this.compareWithShadow(attempt, question, decided);
    return {
      accessToken: issued.token,
      issuedTokenType: parameters.issuedTokenType,
      tokenType: 'Bearer',
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

  private async validated({ context, client, trail }: Attempt, token: string): Promise<AcceptedReport> {
    const report = await this.subjects.validate(context, client, token);
    trail.subjectTokenSha256 = report.tokenSha256;
    trail.issuer = report.outcome === 'accepted' ? report.principal.issuer : report.issuer;
    if (report.outcome === 'accepted') return report;
    throw refusalOfToken(report);
  }

  private decided({ target, proven: { principal }, scope }: Wish, reading: LiveReading): Decided {
    const { application, limits } = target;
    const now = this.deps.clock.now();
    const lifetimeSeconds = application.tokenLifetimeSeconds ?? this.deps.defaultLifetimeSeconds;
    const request = {
      ...reading,
      application,
      context: application.settlesContext === true ? NOTHING_KNOWN : null,
      boundary: limits.scopes,
      ceiling: principal.case === 'own' ? null : limits.delegationCeiling,
      scope,
      unit: null,
      now,
      until: Math.min(now + lifetimeSeconds * 1_000, principal.expiresAt * 1_000),
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
    { target: { application }, proven }: Wish,
    { decided, reading, slug }: { readonly decided: Decided; readonly reading: LiveReading; readonly slug: string },
  ): Promise<IssuedToken> {
    const { principal } = proven;
    const { granted, request } = decided;
    const issued = await this.deps.signingEngine.mint(context, {
      kind: principal.kind,
      identity: reading.facts.subject?.primaryIdentity ?? principal.identity,
      clientId: client.clientId,
      actorClientId: principal.case === 'own' ? null : client.clientId,
      audience: application.audience,
      algorithm: application.signingAlgorithm ?? 'ES256',
      tenant: slug,
      permissions: granted.permissions,
      scope: granted.scope,
      details: granted.details,
      conditionalCount: granted.conditional.length,
      reference: referenceTo(proven, reading, conditionalBits(granted, application)),
      acr: principal.acr,
      amr: principal.amr,
      authTime: principal.authTime,
      policyVersion: policyVersionOf(reading.policy),
      epoch: reading.facts.epoch,
      lifetimeSeconds: application.tokenLifetimeSeconds,
      notAfter: notAfterOf({ ...request, validUntil: granted.validUntil, identity: principal.identity }),
    });
    watchSize(this.deps, context, { token: issued.token, audience: application.audience, granted });
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

/** Nothing of `context.*` comes with an exchange. */
const NOTHING_KNOWN = Object.freeze({});
const NO_BITS: readonly number[] = [];

function conditionalBits({ conditional }: Decided['granted'], { permissions }: Application): readonly number[] {
  if (conditional.length === 0) return NO_BITS;
  const names = new Set(conditional.map(({ permission }) => permission));
  return permissions.filter(({ name }) => names.has(name)).map(({ bit }) => bit);
}

function soleTargetOf(client: RegisteredClient): string {
  const [only, second] = client.targets;
  if (only === undefined || second !== undefined) throw new CodedError('TARGET_MISSING', { field: 'audience' });
  return only.audience;
}
