import type { IssuedClaims, IssuedVerdict } from '#engines/signing/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { isServiceFault } from '#utilities/errors/service-fault.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { Operator, OperatorToken } from './contract.js';
import { asKnown, cutOffOf, provingIn } from './cut-offs.js';
import { refusalOf, startTrail } from './exchange-trail.js';
import { IssuedSubjects, limitsOf, liveQuestionOf } from './issued-subjects.js';
import { LiveReadings } from './live-readings.js';
import { OperatorKeys } from './operator-keys.js';
import { ADMINISTRATION_AUDIENCE, OPERATORS_TENANT } from './operators-tenant.js';

/** Lets operators in: by a token of ours that says so, and by what is so now. */
export class OperatorAdmission {
  private readonly subjects: IssuedSubjects;
  private readonly readings: LiveReadings;
  private readonly keys: OperatorKeys;

  constructor(private readonly deps: AuthorizationParts) {
    this.subjects = new IssuedSubjects(deps);
    this.readings = new LiveReadings(deps);
    this.keys = new OperatorKeys(deps);
  }

  async admit(context: CallContext, token: OperatorToken | undefined, permission: string): Promise<Operator> {
    if (token === undefined) throw new CodedError('OPERATOR_UNAUTHENTICATED');
    let verdict: IssuedVerdict | undefined;
    try {
      const reading = this.keys.read(context, token);
      ({ verdict } = reading);
      await this.keys.use(context, reading);
      const claims = operatorClaims(verdict);
      if (!claims.permissions.includes(permission)) throw new CodedError('OPERATOR_NOT_PERMITTED', { expected: permission });
      await this.refuseUnlessStillSo(context, claims, permission);
      return { subject: claims.subject, tokenId: claims.tokenId };
    } catch (error) {
      throw await this.refused(context, verdict, error);
    }
  }

  /** SECURITY: whoever lost a role, was disabled or revoked, or came by an issuer or a client that counts no more is out at once, not when a token ends. */
  private async refuseUnlessStillSo(context: CallContext, claims: IssuedClaims, permission: string): Promise<void> {
    const { registrationAccess, permissionEngine, clock } = this.deps;
    const subject = await this.subjects.referredBy(context, claims);
    if ('fallen' in subject) throw unauthenticated(subject.fallen);
    const application = await registrationAccess.applicationFor(context, ADMINISTRATION_AUDIENCE);
    if (application === undefined) throw unauthenticated(`no application ${ADMINISTRATION_AUDIENCE}`);
    const reading = await this.readings.read(context, liveQuestionOf(PLATFORM_TENANT, subject));
    if (reading.facts.subject === null) throw unauthenticated('not a registered operator');
    const revoked = cutOffOf(this.deps, context, asKnown(provingIn(subject), reading.facts));
    if (revoked !== undefined) throw unauthenticated(`its ${revoked.by} was revoked`);
    const decision = permissionEngine.decide({
      ...reading,
      application,
      permission,
      resource: null,
      unit: null,
      context: NOTHING_KNOWN,
      boundary: limitsOf(subject, application),
      ceiling: null,
      now: clock.now(),
    });
    if (decision.allowed) return;
    throw new CodedError('OPERATOR_NOT_PERMITTED', { expected: permission, internal: `by now: ${decision.code}` });
  }

  /** Whoever holds a genuine token is known, so the refusal is recorded; anybody else is counted. */
  private async refused(context: CallContext, verdict: IssuedVerdict | undefined, error: unknown): Promise<unknown> {
    const code = isCodedError(error) ? error.code : 'INTERNAL';
    this.deps.counters.increment('refusals.operator', code);
    if (verdict?.genuine !== true || !isCodedError(error) || isServiceFault(error.code)) return error;
    const trail = { ...startTrail(verdict.claims.clientId), audience: ADMINISTRATION_AUDIENCE };
    await this.deps.auditAccess.record({ ...context, operator: verdict.claims.subject }, refusalOf(trail, error));
    return error;
  }
}

const NOTHING_KNOWN = Object.freeze({});

/**
 * SECURITY: a tenant's own policy could grant permissions of any application, so only tokens of the tenant of operators count;
 * and nobody administers on behalf of somebody else.
 */
function operatorClaims(verdict: IssuedVerdict): IssuedClaims {
  if (!verdict.genuine) throw unauthenticated(`the token is refused: ${verdict.fault}`);
  const { claims } = verdict;
  if (claims.tenant !== OPERATORS_TENANT) throw unauthenticated('issued in another tenant');
  if (claims.actor !== null) throw unauthenticated('issued on behalf of somebody');
  if (claims.impersonated) throw unauthenticated('issued by impersonation');
  return claims;
}

function unauthenticated(internal: string): CodedError {
  return new CodedError('OPERATOR_UNAUTHENTICATED', { internal });
}
