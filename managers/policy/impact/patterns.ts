import type { PermissionEngine } from '#engines/permission/contract.js';

/** Whether patterns cover permissions, by the engine's own reading of them; each pair is asked once. */
export class Patterns {
  private readonly known = new Map<string, boolean>();

  constructor(private readonly engine: Pick<PermissionEngine, 'validatePatterns'>) {}

  covers(pattern: string, permission: string): boolean {
    const key = `${pattern} ${permission}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const covers = this.engine.validatePatterns([pattern], [permission]).length === 0;
    this.known.set(key, covers);
    return covers;
  }

  anyCovers(patterns: readonly string[], permission: string): boolean {
    return patterns.some((pattern) => this.covers(pattern, permission));
  }

  /** Whether any of the patterns covers any of the names. */
  reach(patterns: readonly string[], names: readonly string[]): boolean {
    return names.length > 0 && this.engine.validatePatterns(patterns, names).length < patterns.length;
  }
}
