import type { SubjectFacts } from '#accessors/facts/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import type { PolicyInvariant, PolicyTestFile, PolicyTestReport } from '#engines/permission/policy-language.contract.js';
import type { Patterns } from './impact/patterns.js';
import type { SubjectlessChange } from './impact/standing-difference.js';

const MAX_DIFFERENCES = 20;

interface Watched {
  readonly invariant: PolicyInvariant;
  readonly audiences: ReadonlySet<string> | null;
  violations: number;
  readonly differences: string[];
}

/** Tests over all stored subjects: nobody may hold less of what they name than is held live. */
export class Invariants {
  private readonly watched: readonly Watched[];

  constructor(
    private readonly patterns: Patterns,
    files: readonly PolicyTestFile[],
    applications: readonly Application[],
  ) {
    this.watched = files
      .flatMap(({ invariants }) => invariants)
      .map((invariant) => ({ invariant, audiences: audiencesOf(invariant, applications), violations: 0, differences: [] }));
  }

  get isEmpty(): boolean {
    return this.watched.length === 0;
  }

  see(facts: SubjectFacts, changes: readonly SubjectlessChange[]): void {
    for (const each of this.watched) {
      for (const change of changes) {
        if (!this.violates(each, change)) continue;
        each.violations += 1;
        if (each.differences.length < MAX_DIFFERENCES) each.differences.push(inWords(facts.subject?.key ?? '', change));
      }
    }
  }

  /** The report with what came out here in the place of tests that were left open. */
  completed(report: PolicyTestReport): PolicyTestReport {
    const outcomes = new Map(this.watched.map((each) => [each.invariant.name, each]));
    const results = report.results.map((result) => {
      const outcome = outcomes.get(result.name);
      if (outcome === undefined) return result;
      const rest = outcome.violations - outcome.differences.length;
      const differences = rest > 0 ? [...outcome.differences, `and ${String(rest)} more`] : outcome.differences;
      return { name: result.name, passed: outcome.violations === 0, differences };
    });
    return { ...report, results };
  }

  private violates({ invariant, audiences }: Watched, { audience, permission, change }: SubjectlessChange): boolean {
    if (change !== 'lost' && change !== 'became_conditional') return false;
    if (audiences !== null && !audiences.has(audience)) return false;
    return this.patterns.anyCovers(invariant.permissions, permission);
  }
}

function audiencesOf({ audience }: PolicyInvariant, applications: readonly Application[]): ReadonlySet<string> | null {
  if (audience === null) return null;
  return new Set(
    applications.filter((each) => each.audience === audience || each.prefix === audience).map((each) => each.audience),
  );
}

function inWords(subject: string, { permission, change, after }: SubjectlessChange): string {
  return change === 'lost' ? `${subject} would lose ${permission}` : `${subject} would hold ${permission} only if ${after ?? ''}`;
}
