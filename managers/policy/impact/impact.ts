import type { FactAccess, SubjectFacts } from '#accessors/facts/contract.js';
import type { PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PermissionEngine, TokenClaims } from '#engines/permission/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Progress } from '../contract.js';
import { FactShapes } from './fact-shape.js';
import { groupsNamed, holders } from './holders.js';
import { ImpactTally, NO_IMPACT, shapeImpact, type ShapeImpact } from './impact-tally.js';
import { Patterns } from './patterns.js';
import { differingRules, type DifferingRule } from './rule-differences.js';
import { RuleTouch } from './rule-touch.js';
import { standingDifference, type SubjectlessChange } from './standing-difference.js';
import { NO_TOKEN, PolicyStandings } from './standing.js';
import { touchedApplications } from './touched-applications.js';

export interface ImpactParts {
  readonly permissionEngine: PermissionEngine;
  readonly factAccess: Pick<FactAccess, 'factsOf' | 'factsOfMany'>;
}

export interface ImpactQuestion {
  readonly before: PolicyVersion;
  readonly after: PolicyVersion;
  readonly applications: readonly Application[];
  /** Unix milliseconds. */
  readonly now: number;
  readonly progress?: (progress: Progress) => void;
  /** Sees the facts of every subject with what changes for it. */
  readonly visit?: (facts: SubjectFacts, changes: readonly SubjectlessChange[]) => void;
}

export interface Impact {
  /** Of the newest data that was read. */
  readonly epoch: number;
  readonly rules: readonly DifferingRule[];
  readonly stored: ImpactTally;
  readonly holders: ImpactTally;
}

/** Subjects that are read at a time; the next ones are read while these are judged. */
const PAGE = 1000;
/** Shapes that are remembered; beyond it they are worked out anew. */
const MAX_SHAPES = 200_000;
/** How far ahead a moved horizon is looked for. */
const HORIZON_MS = 32 * 24 * 3_600_000;

/** Works out exactly what one policy in place of another changes, for everybody who is stored and every holder. */
export class ImpactAnalysis {
  private readonly patterns: Patterns;
  private readonly before: PolicyStandings;
  private readonly after: PolicyStandings;
  private readonly shapes: FactShapes;
  private readonly touch: RuleTouch;
  private readonly rules: readonly DifferingRule[];
  private readonly applications: readonly Application[];
  private readonly touched: readonly Application[];
  private readonly known = new Map<string, ShapeImpact>();
  private epoch = 0;

  constructor(
    private readonly parts: ImpactParts,
    private readonly question: ImpactQuestion,
  ) {
    const { before, after } = question;
    const applications = question.applications.map(withoutLifetimes);
    this.applications = applications;
    const both = [before, after];
    this.patterns = new Patterns(parts.permissionEngine);
    const standings = { engine: parts.permissionEngine, patterns: this.patterns };
    this.before = new PolicyStandings(standings, before);
    this.after = new PolicyStandings(standings, after);
    this.shapes = new FactShapes(both);
    this.rules = differingRules(before, after);
    this.touch = new RuleTouch(this.patterns, this.rules, both);
    this.touched = touchedApplications(this.rules, both, { applications, patterns: this.patterns });
  }

  async run(context: CallContext): Promise<Impact> {
    const stored = await this.ofStored(context);
    return { epoch: this.epoch, rules: this.rules, stored, holders: await this.ofHolders(context) };
  }

  private async ofStored(context: CallContext): Promise<ImpactTally> {
    const tally = new ImpactTally();
    for await (const page of this.pages(context)) {
      for (const facts of page) this.addSubject(tally, facts);
      this.question.progress?.({ done: tally.subjects, total: null });
    }
    this.question.progress?.({ done: tally.subjects, total: tally.subjects });
    return tally;
  }

  private addSubject(tally: ImpactTally, facts: SubjectFacts): void {
    if (facts.subject === null) return;
    const impact = this.impactOf(facts);
    tally.add(facts.subject, impact);
    this.question.visit?.(facts, impact.changes);
  }

  private async ofHolders(context: CallContext): Promise<ImpactTally> {
    const { before, after } = this.question;
    const both = [before, after];
    // Nobody has an empty key.
    const subject = { by: 'key', key: '' } as const;
    const tenant = await this.parts.factAccess.factsOf(context, { tenantId: after.tenantId, subject, groups: groupsNamed(both) });
    const tally = new ImpactTally();
    for (const { name, facts, claims } of holders(both, tenant)) {
      tally.add({ id: name, key: name }, this.workOut(facts, claims, this.applications));
    }
    return tally;
  }

  /** INVARIANT: what is remembered is of one data state, since what belongs to the tenant is not in the shape of a subject. */
  private impactOf(facts: SubjectFacts): ShapeImpact {
    if (facts.epoch !== this.epoch) {
      this.epoch = Math.max(this.epoch, facts.epoch);
      this.known.clear();
    }
    if (!this.touch.mayConcern(facts)) return NO_IMPACT;
    const shape = this.shapes.of(facts);
    const known = this.known.get(shape);
    if (known !== undefined) return known;
    const impact = this.workOut(facts, NO_TOKEN, this.touched);
    if (this.known.size < MAX_SHAPES) this.known.set(shape, impact);
    return impact;
  }

  private workOut(facts: SubjectFacts, claims: TokenClaims, applications: readonly Application[]): ShapeImpact {
    const { now } = this.question;
    const changes = applications.flatMap((application) => {
      const question = { facts, application, claims, now, until: now + HORIZON_MS };
      const was = this.before.of(question);
      const is = this.after.beside(was, question);
      return standingDifference(application, { standings: this.before, standing: was }, { standings: this.after, standing: is });
    });
    return shapeImpact(changes, facts, this.touch);
  }

  /** Reads the next page while the one before is judged. */
  private async *pages(context: CallContext): AsyncGenerator<readonly SubjectFacts[]> {
    if (this.rules.length === 0 && this.question.visit === undefined) return;
    const read = (after: string | null) =>
      this.parts.factAccess.factsOfMany(context, this.question.after.tenantId, { after, limit: PAGE });
    let next: Promise<readonly SubjectFacts[]> | null = read(null);
    while (next !== null) {
      const page: readonly SubjectFacts[] = await next;
      const last = page.at(-1)?.subject?.id;
      next = page.length < PAGE || last === undefined ? null : read(last);
      // A failure is met where the page is awaited.
      next?.catch(() => undefined);
      yield page;
    }
  }
}

/** How long a token may live is a matter of tokens: it would stand before every real moment at which something changes. */
function withoutLifetimes(application: Application): Application {
  return { ...application, permissions: application.permissions.map((each) => ({ ...each, maxLifetimeSeconds: null })) };
}
