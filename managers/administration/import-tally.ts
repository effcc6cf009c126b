import type { ImportedKind } from './contract.js';

type Outcome = 'created' | 'updated' | 'unchanged';

/** Counts what became of the objects of an import. */
export class ImportTally {
  readonly counts: Readonly<Record<ImportedKind, Record<Outcome, number>>> = {
    tenants: none(),
    applications: none(),
    issuers: none(),
    policies: none(),
    clients: none(),
    groups: none(),
    subjects: none(),
    assignments: none(),
  };

  add(kind: ImportedKind, outcome: Outcome): void {
    this.counts[kind][outcome]++;
  }

  addAll(kind: ImportedKind, outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) this.add(kind, outcome);
  }
}

function none(): Record<Outcome, number> {
  return { created: 0, updated: 0, unchanged: 0 };
}
