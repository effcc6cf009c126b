import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { CheckDecision, CheckQuestion, PermissionDecision, PermissionRequest } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { AuthorizationParts } from './authorization.parts.js';
import type { LiveQuestion, LiveReading, LiveReadings } from './live-readings.js';
import { stableShare } from './stable-share.js';

type Granted = Extract<PermissionDecision, { effect: 'granted' }>;

interface LiveExchange {
  readonly request: PermissionRequest;
  readonly granted: Granted;
}

interface LiveCheck {
  readonly question: CheckQuestion;
  readonly decision: CheckDecision;
}

interface Deps extends Pick<AuthorizationParts, 'policyAccess' | 'permissionEngine' | 'counters'> {
  readonly readings: LiveReadings;
}

/** Beside which answer, and what differs from it. */
interface Comparison {
  readonly question: LiveQuestion;
  readonly facts: SubjectFacts;
  readonly differences: (shadow: LiveReading) => readonly string[];
}

/** Differences that are told apart; permissions come from catalogues, so there are not many more. */
const MOST_LABELS = 2_000;

/**
 * Asks the version that is being tried out the same question, beside the answer: nothing waits for it, nothing that happens here
 * changes or fails what was answered. Differences are counted by permission and what became of it.
 */
export class ShadowComparison {
  private readonly labels = new Set<string>();

  constructor(private readonly deps: Deps) {}

  afterExchange(context: CallContext, question: LiveQuestion, live: LiveExchange): void {
    const differences = (shadow: LiveReading): readonly string[] => {
      const decision = this.deps.permissionEngine.effectivePermissions({ ...live.request, ...shadow });
      return exchangeDifferences(live.granted, decision.effect === 'granted' ? decision : NOTHING);
    };
    this.beside(context, { question, facts: live.request.facts, differences });
  }

  afterCheck(context: CallContext, question: LiveQuestion, live: readonly LiveCheck[]): void {
    const [first] = live;
    if (first === undefined) return;
    const differences = (shadow: LiveReading): readonly string[] =>
      live.flatMap(({ question: asked, decision }) => {
        const { code } = this.deps.permissionEngine.decide({ ...asked, ...shadow });
        return code === decision.code ? [] : [`${asked.permission} ${decision.code} → ${code}`];
      });
    this.beside(context, { question, facts: first.question.facts, differences });
  }

  private beside(context: CallContext, comparison: Comparison): void {
    this.compare(context, comparison).catch(() => {
      this.deps.counters.increment('shadow.failed');
    });
  }

  private async compare(context: CallContext, { question, facts, differences }: Comparison): Promise<void> {
    const { policyAccess, counters, readings } = this.deps;
    const tried = await policyAccess.shadowPolicy(context, question.tenantId);
    if (tried === null || shareOf(question, facts) >= tried.share) return;
    const shadow = await readings.readUnder(context, question, tried.policy);
    // Data that changed in between would look like a difference of the policies.
    if (shadow.facts.epoch !== facts.epoch) return;
    counters.increment('shadow.compared');
    for (const label of differences(shadow)) counters.increment('shadow.differences', this.bounded(label));
  }

  private bounded(label: string): string {
    if (!this.labels.has(label) && this.labels.size >= MOST_LABELS) return 'others';
    this.labels.add(label);
    return label;
  }
}

const NOTHING = { permissions: [], conditional: [] };

/** Stable by subject, however it was asked about. */
function shareOf({ subject }: LiveQuestion, facts: SubjectFacts): number {
  if (facts.subject !== null) return stableShare({ instance: 'key', externalId: facts.subject.key });
  return stableShare(subject.by === 'identity' ? subject.identity : { instance: 'key', externalId: subject.key });
}

function exchangeDifferences(
  live: Pick<Granted, 'permissions' | 'conditional'>,
  shadow: Pick<Granted, 'permissions' | 'conditional'>,
): readonly string[] {
  const [before, after] = [statesOf(live), statesOf(shadow)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((permission) => {
    const [was, becomes] = [before.get(permission) ?? 'no_grant', after.get(permission) ?? 'no_grant'];
    return was === becomes ? [] : [`${permission} ${was} → ${becomes}`];
  });
}

function statesOf({ permissions, conditional }: Pick<Granted, 'permissions' | 'conditional'>): ReadonlyMap<string, string> {
  const states = new Map(conditional.map(({ permission }) => [permission, 'conditional']));
  for (const permission of permissions) states.set(permission, 'granted');
  return states;
}
