import type { DecisionTrail } from '#accessors/audit/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { PermissionEngine } from '#engines/permission/contract.js';
import type {
  PolicySurroundings,
  PolicyLanguage,
  PolicyTestFile,
  PolicyTestReport,
} from '#engines/permission/policy-language.contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { PlanOptions, PlanReport, Progress } from './contract.js';
import { guardRailRefusals, listed } from './guard-rails.js';
import { type Impact, ImpactAnalysis, type ImpactParts } from './impact/impact.js';
import { Patterns } from './impact/patterns.js';
import { DecisionReplay } from './impact/replay.js';
import { Invariants } from './invariants.js';

export interface PlanMakerParts extends ImpactParts {
  readonly policyLanguage: Pick<PolicyLanguage, 'runTests'>;
  readonly decisionTrail: Pick<DecisionTrail, 'decisions'>;
  readonly clock: Clock;
}

export interface Comparison {
  readonly before: PolicyVersion;
  readonly after: PolicyVersion;
  readonly surroundings: PolicySurroundings;
}

export interface Outcome {
  readonly impact: Impact;
  readonly tests: PolicyTestReport | null;
  readonly replay: PlanReport['replay'];
}

/** Decisions that are asked again at most, the newest ones. */
const MAX_REPLAYED = 10_000;
const DAY_MS = 86_400_000;
const NO_REPLAY: PlanReport['replay'] = { decisions: 0, notReplayable: 0, changed: [] };

/** Works out what one version in place of another would change: the same work for a plan, for its application and for tests. */
export class PlanMaker {
  constructor(private readonly parts: PlanMakerParts) {}

  async outcome(
    context: CallContext,
    comparison: Comparison,
    options: Pick<PlanOptions, 'replayDays' | 'progress'> & { readonly tests: readonly PolicyTestFile[] },
  ): Promise<Outcome> {
    const { before, after, surroundings } = comparison;
    const { applications } = surroundings;
    const replay = await this.replay(context, comparison, options.replayDays);
    const invariants = new Invariants(new Patterns(this.parts.permissionEngine), options.tests, applications);
    const watches = replay !== null || !invariants.isEmpty;
    const impact = await new ImpactAnalysis(this.parts, {
      before,
      after,
      applications,
      now: this.parts.clock.now(),
      ...(options.progress === undefined ? {} : { progress: options.progress }),
      ...(watches
        ? {
            visit: (facts, changes) => {
              replay?.see(facts);
              invariants.see(facts, changes);
            },
          }
        : {}),
    }).run(context);
    const tests =
      options.tests.length === 0
        ? null
        : invariants.completed(this.parts.policyLanguage.runTests(after, options.tests, applications));
    return { impact, tests, replay: replay?.report() ?? NO_REPLAY };
  }

  /** What changes for whom, without tests and replay. */
  async impact(context: CallContext, comparison: Comparison, progress?: (progress: Progress) => void): Promise<Impact> {
    const options = { replayDays: null, tests: [], ...(progress === undefined ? {} : { progress }) };
    return (await this.outcome(context, comparison, options)).impact;
  }

  private async replay(
    context: CallContext,
    { before, after, surroundings }: Comparison,
    days: number | null,
  ): Promise<DecisionReplay | null> {
    if (days === null) return null;
    const { permissionEngine: engine, clock } = this.parts;
    const now = clock.now();
    const query = { since: now - days * DAY_MS, limit: MAX_REPLAYED };
    const decisions = await this.parts.decisionTrail.decisions(context, after.tenantId, query);
    return new DecisionReplay({ engine, before, after, applications: surroundings.applications, now }, decisions);
  }
}

/** Everything that keeps anybody from applying an outcome. */
export function obstaclesOf({ impact, tests }: Outcome, options: PlanOptions, engine: PermissionEngine): readonly string[] {
  const touchesMappings = impact.rules.some(({ kind }) => kind === 'mapping');
  return [
    ...guardRailRefusals(options.guardRails, impact, engine),
    ...(tests?.results ?? []).filter(({ passed }) => !passed).map(({ name }) => `test fails: ${name}`),
    ...(touchesMappings && (tests === null || tests.results.length === 0)
      ? ['it changes what tokens of an issuer are mapped to, which stored data cannot show: give tests']
      : []),
  ];
}

/** What deserves eyes although it may be applied. */
export function highRiskOf(
  { rules, stored, holders }: Impact,
  { before, after }: Pick<Comparison, 'before' | 'after'>,
  engine: Pick<PermissionEngine, 'wantedFacts'>,
): readonly string[] {
  const mappings = rules
    .filter(({ kind }) => kind === 'mapping')
    .map(({ rule }) => `${rule} decides what tokens of an issuer grant`);
  const gained = new Set(
    [...stored.gains, ...holders.gains].filter(({ risk }) => risk === 'high').map(({ permission }) => permission),
  );
  const high = gained.size === 0 ? [] : [`permissions of high risk would be gained: ${listed([...gained].sort())}`];
  return [...mappings, ...high, ...unsettled([before, after], engine)];
}

/** Fact sources are not asked for everybody: the plan says what it did not settle. */
function unsettled(policies: readonly PolicyVersion[], engine: Pick<PermissionEngine, 'wantedFacts'>): readonly string[] {
  const wanted = policies.flatMap((policy) => engine.wantedFacts(policy));
  return [...new Set(wanted.map(({ source, path }) => `${path} of fact source ${source}`))]
    .sort()
    .map((fact) => `${fact} was asked for nobody: permissions behind it are told as conditional or as not held`);
}
