import type { AuditAccess } from '#accessors/audit/contract.js';
import type { DirectoryAccess } from '#accessors/directory/contract.js';
import type { FactAccess } from '#accessors/facts/contract.js';
import type { PolicyAccess, PolicyVersion } from '#accessors/policy/contract.js';
import type { Application, ClientTarget, RegisteredClient, RegistrationAccess } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { IssuedVerdict, SigningEngine } from '#engines/signing/contract.js';
import type { AcceptedReport, Principal, TokenValidationEngine } from '#engines/token-validation/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import type {
  AuthenticatedClient,
  AuthorizationManager,
  ClientCredentials,
  ExchangeRequest,
  ExchangeResult,
  Operator,
} from './contract.js';
import { checkParameters } from './exchange-parameters.js';
import { type ExchangeTrail, recordOf, refusalOf, startTrail } from './exchange-trail.js';
import { ADMINISTRATION_AUDIENCE, admitOperator, checkOperatorsTenant } from './operator-admission.js';
import { selectTenant } from './tenant-selection.js';

/** What verifiers take at the most, ours among them. */
const MAX_ISSUED_LENGTH = 16 * 1024;

export interface AuthorizationManagerDeps {
  readonly registrationAccess: RegistrationAccess;
  readonly tokenValidationEngine: TokenValidationEngine;
  readonly directoryAccess: DirectoryAccess;
  readonly policyAccess: PolicyAccess;
  readonly factAccess: FactAccess;
  readonly permissionEngine: PermissionEngine;
  readonly signingEngine: SigningEngine;
  readonly auditAccess: AuditAccess;
  readonly counters: Counters;
}

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

interface GroupsQuestion {
  readonly principal: Principal;
  readonly token: string;
  readonly policy: PolicyVersion;
}

export class DefaultAuthorizationManager implements AuthorizationManager {
  constructor(private readonly deps: AuthorizationManagerDeps) {}

  async authenticate(context: CallContext, credentials: ClientCredentials): Promise<AuthenticatedClient> {
    const registration =
      credentials.method === 'none'
        ? undefined
        : await this.deps.registrationAccess.authenticateClient(context, credentials.clientId, credentials.clientSecret);
    if (registration === undefined || credentials.method === 'none') {
      this.deps.counters.increment('refusals.unauthenticated', credentials.method);
      throw new CodedError('CLIENT_UNAUTHENTICATED');
    }
    return { registration, method: credentials.method };
  }

  async authorizeOperator(context: CallContext, token: string | undefined, permission: string): Promise<Operator> {
    if (token === undefined) throw new CodedError('OPERATOR_UNAUTHENTICATED');
    const verdict = this.deps.signingEngine.verifyIssued(context, token, ADMINISTRATION_AUDIENCE);
    try {
      return admitOperator(verdict, permission);
    } catch (error) {
      throw await this.operatorRefused(context, verdict, error);
    }
  }

  /** Whoever holds a genuine token is known, so the refusal is recorded; anybody else is counted. */
  private async operatorRefused(context: CallContext, verdict: IssuedVerdict, error: unknown): Promise<unknown> {
    const code = isCodedError(error) ? error.code : 'INTERNAL';
    this.deps.counters.increment('refusals.operator', code);
    if (!verdict.genuine || !isCodedError(error)) return error;
    const trail = { ...startTrail(verdict.claims.clientId), audience: ADMINISTRATION_AUDIENCE };
    await this.deps.auditAccess.record({ ...context, operator: verdict.claims.subject }, refusalOf(trail, error));
    return error;
  }

  async exchange(context: CallContext, client: AuthenticatedClient, request: ExchangeRequest): Promise<ExchangeResult> {
    const attempt = { context, client: client.registration, trail: startTrail(client.registration.clientId) };
    try {
      return await this.issue(attempt, request);
    } catch (error) {
      throw await this.recorded(attempt, error);
    }
  }

  /** One line a step; every step throws its own refusal. */
  private async issue(attempt: Attempt, request: ExchangeRequest): Promise<ExchangeResult> {
    const { context, client, trail } = attempt;
    const parameters = checkParameters(request);
    const target = await this.targetOf(attempt, parameters.target);
    const report = await this.validated(attempt, parameters.subjectToken);
    const tenant = selectTenant(report.principal.tenants, request.tenant);
    trail.tenantId = tenant.tenantId;
    const { policyAccess, factAccess } = this.deps;
    const policy = await policyAccess.activePolicy(context, tenant.tenantId);
    const groups = await this.groupsOf(attempt, { principal: report.principal, token: parameters.subjectToken, policy });
    const facts = await factAccess.factsOf(context, tenant.tenantId, report.principal.identity);
    checkOperatorsTenant(tenant, target.application.audience, facts);
    const granted = this.granted({ policy, facts, target, principal: report.principal, groups, scope: parameters.scope });
    const policyVersion = `${policy.set}@${String(policy.sequence)}`;
    const issued = await this.deps.signingEngine.mint(context, {
      kind: report.principal.kind,
      identity: facts.subject?.primaryIdentity ?? report.principal.identity,
      clientId: client.clientId,
      actorClientId: report.principal.case === 'own' ? null : client.clientId,
      audience: target.application.audience,
      algorithm: target.application.signingAlgorithm ?? 'ES256',
      tenant: tenant.slug,
      permissions: granted.permissions,
      scope: granted.scope,
      acr: report.principal.acr,
      amr: report.principal.amr,
      authTime: report.principal.authTime,
      policyVersion,
      epoch: facts.epoch,
      lifetimeSeconds: target.application.tokenLifetimeSeconds,
      notAfter: report.principal.expiresAt,
    });
    refuseOversized(issued.token, target.application.audience);
    await this.deps.auditAccess.record(
      context,
      recordOf({
        tenantId: tenant.tenantId,
        clientId: client.clientId,
        audience: target.application.audience,
        report,
        granted,
        issued,
        policyVersion,
        epoch: facts.epoch,
      }),
    );
    return {
      accessToken: issued.token,
      issuedTokenType: parameters.issuedTokenType,
      tokenType: 'Bearer',
      expiresInSeconds: issued.expiresAt - issued.issuedAt,
      scope: granted.scope,
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
    const report = await this.deps.tokenValidationEngine.validate(context, {
      token,
      field: 'subject_token',
      presenter: client,
    });
    trail.subjectTokenSha256 = report.tokenSha256;
    if (report.outcome === 'accepted') {
      trail.issuer = report.principal.issuer;
      return report;
    }
    trail.issuer = report.issuer;
    const [finding] = report.findings;
    throw new CodedError(finding.code, {
      field: 'subject_token',
      internal: `${finding.check}: found ${finding.actual}; expected ${finding.expected}; ${finding.remedy}`,
      ...(finding.retryAfterSeconds === undefined ? {} : { retryAfterSeconds: finding.retryAfterSeconds }),
      ...(finding.claims === undefined ? {} : { claims: finding.claims }),
    });
  }

  /** `null`: the groups are not in the token and no directory tells them. Only groups that the policy maps are asked for. */
  private async groupsOf({ context }: Attempt, { principal, token, policy }: GroupsQuestion): Promise<readonly string[] | null> {
    if (!principal.groupsOverage) return principal.groups;
    const mapped = mappedGroups(policy, principal.issuer);
    if (mapped.length === 0) return null;
    const subject = { kind: principal.kind, issuer: principal.issuer, ...principal.identity, token };
    const membership = await this.deps.directoryAccess.groupsOf(context, subject, mapped);
    if (membership.status === 'resolved') return membership.groups;
    const { reason: internal, retryAfterSeconds, claims } = membership;
    if (retryAfterSeconds !== undefined) throw new CodedError('DIRECTORY_UNAVAILABLE', { internal, retryAfterSeconds });
    if (claims !== undefined) throw new CodedError('TOKEN_STEP_UP_REQUIRED', { field: 'subject_token', internal, claims });
    return null;
  }

  private granted(input: {
    readonly policy: Awaited<ReturnType<PolicyAccess['activePolicy']>>;
    readonly facts: Awaited<ReturnType<FactAccess['factsOf']>>;
    readonly target: Target;
    readonly principal: Principal;
    readonly groups: readonly string[] | null;
    readonly scope: readonly string[] | null;
  }): IssuedGrant {
    const { principal, target } = input;
    const decision = this.deps.permissionEngine.effectivePermissions({
      policy: input.policy,
      application: target.application,
      facts: input.facts,
      claims: { issuer: principal.issuer, roles: principal.roles, groups: input.groups },
      boundary: target.limits.scopes,
      ceiling: principal.case === 'own' ? null : target.limits.delegationCeiling,
      scope: input.scope,
    });
    if (decision.effect === 'granted') return decision;
    throw new CodedError(decision.code, {
      field: decision.code.startsWith('SCOPE_') ? 'scope' : 'subject_token',
      internal: decision.because,
      ...(decision.actual === undefined ? {} : { actual: decision.actual }),
    });
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

type IssuedGrant = Extract<ReturnType<PermissionEngine['effectivePermissions']>, { effect: 'granted' }>;

function mappedGroups(policy: PolicyVersion, issuer: string): readonly string[] {
  const groups = policy.mappings.filter((mapping) => mapping.claim === 'groups' && mapping.issuer === issuer);
  return [...new Set(groups.map((mapping) => mapping.value))];
}

function soleTargetOf(client: RegisteredClient): string {
  const [only, second] = client.targets;
  if (only === undefined || second !== undefined) throw new CodedError('TARGET_MISSING', { field: 'audience' });
  return only.audience;
}

/** SECURITY: a token is never cut short; one that no verifier would read is not issued, and nothing says that it was. */
function refuseOversized(token: string, audience: string): void {
  if (token.length <= MAX_ISSUED_LENGTH) return;
  throw new CodedError('PERMISSIONS_TOO_MANY', {
    field: 'scope',
    actual: `${String(token.length)} characters`,
    expected: `at most ${String(MAX_ISSUED_LENGTH)}`,
    internal: `for ${audience}`,
  });
}
