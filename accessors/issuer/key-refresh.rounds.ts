import type { IssuerKeySet } from './issuer-key-set.js';

/** So many key sets of one issuer are fetched at the same time, however many directories it has. */
const FETCHES_AT_ONCE = 4;

interface Due {
  readonly issuer: { readonly name: string };
  readonly keys: Pick<IssuerKeySet, 'refreshIfDue'>;
}

/** Fetches what is due, a few key sets of each issuer at a time, so that no issuer waits for another one that is slow. */
export class KeyRefreshRounds {
  private readonly running = new Set<string>();

  /** Begins a round for each issuer that has none under way. Waits for nothing. */
  begin(entries: Iterable<Due>): void {
    const byIssuer = new Map<string, Due['keys'][]>();
    for (const { issuer, keys } of entries) {
      const sets = byIssuer.get(issuer.name) ?? [];
      byIssuer.set(issuer.name, sets);
      sets.push(keys);
    }
    for (const [name, sets] of byIssuer) {
      if (this.running.has(name)) continue;
      this.running.add(name);
      void this.round(sets).finally(() => this.running.delete(name));
    }
  }

  private async round(sets: readonly Due['keys'][]): Promise<void> {
    const waiting = [...new Set(sets)];
    const fetchNext = async (): Promise<void> => {
      for (let keys = waiting.shift(); keys !== undefined; keys = waiting.shift()) await keys.refreshIfDue();
    };
    await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, fetchNext));
  }
}
