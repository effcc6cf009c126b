import type { Application } from '#accessors/registration/contract.js';
import { matchesSegments, parsePattern } from '../permission-pattern.js';
import type { PolicyFault } from '../contract.js';
import { positionOf } from './canonical.js';

type Coverage = { readonly ok: true; readonly names: ReadonlySet<string> } | { readonly ok: false; readonly fault: string };

/** What names and patterns cover, in the catalogues of all applications together. */
export class PatternCoverage {
  private readonly names: readonly { readonly name: string; readonly segments: readonly string[] }[];
  private readonly known = new Map<string, Coverage>();

  constructor(applications: readonly Application[]) {
    const names = new Set(applications.flatMap(({ permissions }) => permissions.map(({ name }) => name)));
    this.names = [...names].toSorted().map((name) => ({ name, segments: name.split(':') }));
  }

  /** Everything that any of the patterns covers; a malformed one covers nothing. */
  union(patterns: readonly string[]): ReadonlySet<string> {
    return new Set(
      patterns.flatMap((pattern) => {
        const covered = this.of(pattern);
        return covered.ok ? [...covered.names] : [];
      }),
    );
  }

  of(text: string): Coverage {
    const known = this.known.get(text);
    if (known !== undefined) return known;
    const covered = this.cover(text);
    this.known.set(text, covered);
    return covered;
  }

  faults(path: string, patterns: readonly string[]): readonly PolicyFault[] {
    return patterns.flatMap((text, index) => {
      const covered = this.of(text);
      if (covered.ok && covered.names.size > 0) return [];
      const message = covered.ok
        ? `${text} matches no permission of the registered applications`
        : `not a permission name or pattern: ${covered.fault}`;
      return [{ path: `${path}[${positionOf(patterns, index)}]`, message }];
    });
  }

  private cover(text: string): Coverage {
    const parsed = parsePattern(text);
    if (!parsed.ok) return parsed;
    const covered = this.names.filter(({ segments }) => matchesSegments(parsed.pattern, segments));
    return { ok: true, names: new Set(covered.map(({ name }) => name)) };
  }
}
