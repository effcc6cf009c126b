import type { RecordedDecision } from '#accessors/audit/contract.js';
import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { CheckDecision, PermissionEngine } from '#engines/permission/contract.js';
import type { PlanReport } from '../contract.js';
import { NO_TOKEN, NOT_ASKED } from './standing.js';

export interface ReplayParts {
  readonly engine: PermissionEngine;
  readonly before: PolicyVersion;
  readonly after: PolicyVersion;
  readonly applications: readonly Application[];
  /** Unix milliseconds. */
  readonly now: number;
}

type Changed = PlanReport['replay']['changed'][number];

const MAX_CHANGED = 1000;
const EVERYTHING: readonly string[] = ['**'];

/** Asks recorded decisions again, under both policies and on the data of now. */
export class DecisionReplay {
  private readonly facts = new Map<string, SubjectFacts>();
  private readonly wanted: ReadonlySet<string>;

  constructor(
    private readonly parts: ReplayParts,
    private readonly decisions: readonly RecordedDecision[],
  ) {
    this.wanted = new Set(decisions.flatMap(({ subjectId }) => subjectId ?? []));
  }

  /** Keeps facts that a recorded decision was about. */
  see(facts: SubjectFacts): void {
    const id = facts.subject?.id;
    if (id !== undefined && this.wanted.has(id)) this.facts.set(id, facts);
  }

  /**
   * A decision that the policy in force would no longer answer as it was recorded depended on something that is not recorded, such
   * as the address of the caller or data that changed: it says nothing about the other policy and is counted apart.
   */
  report(): PlanReport['replay'] {
    const changed = new Map<string, Changed>();
    let notReplayable = 0;
    for (const decision of this.decisions) {
      const answers = this.answers(decision);
      if (answers === null || answers.before.code !== decision.code) notReplayable += 1;
      else if (answers.before.code !== answers.after.code)
        count(changed, decision, { ...answers, subject: this.keyOf(decision) });
    }
    const most = [...changed.values()].sort((one, other) => other.calls - one.calls);
    return { decisions: this.decisions.length, notReplayable, changed: most.slice(0, MAX_CHANGED) };
  }

  private answers(decision: RecordedDecision): { readonly before: CheckDecision; readonly after: CheckDecision } | null {
    const facts = decision.subjectId === null ? undefined : this.facts.get(decision.subjectId);
    const application = this.parts.applications.find(({ audience }) => audience === decision.audience);
    if (facts === undefined || application === undefined) return null;
    const ask = (policy: PolicyVersion) =>
      this.parts.engine.decide({
        policy,
        application,
        facts,
        external: NOT_ASKED,
        claims: NO_TOKEN,
        context: null,
        boundary: EVERYTHING,
        ceiling: null,
        now: this.parts.now,
        permission: decision.permission,
        resource:
          decision.resourceType === null
            ? null
            : { type: decision.resourceType, id: decision.resourceId, unit: decision.unit, path: null, attributes: {} },
        unit: decision.unit,
      });
    return { before: ask(this.parts.before), after: ask(this.parts.after) };
  }

  private keyOf({ subjectId }: RecordedDecision): string {
    return (subjectId === null ? undefined : this.facts.get(subjectId)?.subject?.key) ?? '';
  }
}

function count(
  changed: Map<string, Changed>,
  { permission }: RecordedDecision,
  { before, after, subject }: { readonly before: CheckDecision; readonly after: CheckDecision; readonly subject: string },
): void {
  const key = JSON.stringify([subject, permission, before.code, after.code]);
  const calls = (changed.get(key)?.calls ?? 0) + 1;
  changed.set(key, { permission, subject, before: before.code, after: after.code, calls });
}
