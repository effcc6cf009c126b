import type { FactAccess, SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyAccess } from '#accessors/policy/contract.js';
import type { Application, RegistrationAccess } from '#accessors/registration/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type { SigningEngine } from '#engines/signing/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Gain } from './impact/impact-tally.js';
import { NO_TOKEN, NOT_ASKED } from './impact/standing.js';

export interface OperatorReachParts {
  readonly factAccess: Pick<FactAccess, 'factsOfMany' | 'tenantNamed'>;
  readonly policyAccess: Pick<PolicyAccess, 'activePolicy'>;
  readonly registrationAccess: Pick<RegistrationAccess, 'applications'>;
  readonly permissionEngine: PermissionEngine;
  readonly signingEngine: Pick<SigningEngine, 'subjectOf'>;
  readonly clock: Clock;
}

const OPERATORS_TENANT = 'platform';
const ADMINISTRATION_AUDIENCE = 'countersign';
const ESCALATE = 'countersign:policy:escalate';
const EVERYTHING: readonly string[] = ['**'];
const PAGE = 500;

/** What the operator who asks may do at present, by what is stored, not by the token. */
export class OperatorReach {
  constructor(private readonly parts: OperatorReachParts) {}

  /**
   * What of the gains the operator does not hold; empty for one who may give away more than that. Without an operator the caller is
   * on the machine with the database, where no rule of ours holds.
   *
   * SECURITY: whoever may change a policy could otherwise make themselves, through any role, anything.
   */
  async beyond(context: CallContext, gains: readonly Gain[]): Promise<readonly Gain[]> {
    if (context.operator === undefined || gains.length === 0) return [];
    const facts = await this.operatorFacts(context, context.operator);
    if (facts === undefined) return gains;
    const policy = await this.parts.policyAccess.activePolicy(context, facts.tenantId);
    const applications = await this.parts.registrationAccess.applications(context);
    const held = (audience: string): ReadonlySet<string> => {
      const application = applications.find((each) => each.audience === audience);
      return application === undefined ? new Set() : this.heldAt(application, { policy, facts });
    };
    if (held(ADMINISTRATION_AUDIENCE).has(ESCALATE)) return [];
    const byAudience = new Map<string, ReadonlySet<string>>();
    return gains.filter(({ audience, permission }) => {
      const known = byAudience.get(audience) ?? held(audience);
      byAudience.set(audience, known);
      return !known.has(permission);
    });
  }

  private heldAt(
    application: Application,
    of: { readonly policy: Awaited<ReturnType<PolicyAccess['activePolicy']>>; readonly facts: SubjectFacts },
  ): ReadonlySet<string> {
    const now = this.parts.clock.now();
    const decision = this.parts.permissionEngine.effectivePermissions({
      ...of,
      application,
      external: NOT_ASKED,
      claims: NO_TOKEN,
      context: null,
      boundary: EVERYTHING,
      ceiling: null,
      scope: null,
      unit: null,
      now,
      until: now,
    });
    return new Set(decision.effect === 'granted' ? decision.permissions : []);
  }

  /** Operators are few, and registered; their `sub` is made from what they were registered with. */
  private async operatorFacts(context: CallContext, operator: string): Promise<SubjectFacts | undefined> {
    const { factAccess } = this.parts;
    const tenantId = await factAccess.tenantNamed(context, OPERATORS_TENANT);
    if (tenantId === undefined) return undefined;
    for (let after: string | null = null; ;) {
      const page: readonly SubjectFacts[] = await factAccess.factsOfMany(context, tenantId, { after, limit: PAGE });
      const found = page.find((facts) => this.subOf(context, facts) === operator);
      const last = page.at(-1)?.subject?.id;
      if (found !== undefined || page.length < PAGE || last === undefined) return found;
      after = last;
    }
  }

  private subOf(context: CallContext, { subject }: SubjectFacts): string | undefined {
    if (subject === null) return undefined;
    return this.parts.signingEngine.subjectOf(context, subject.kind === 'user' ? 'user' : 'workload', subject.primaryIdentity);
  }
}
