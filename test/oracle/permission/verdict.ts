/** What can be said of a statement: true, false, unknown until something is known, or that saying it fails. */
export type Verdict =
  | { readonly is: 'true' | 'false' | 'error' }
  /** Paths that would have to be known. */
  | { readonly is: 'unknown'; readonly missing: ReadonlySet<string> };

export const YES: Verdict = { is: 'true' };
export const NO: Verdict = { is: 'false' };
export const FAILS: Verdict = { is: 'error' };

export function unknown(...paths: readonly string[]): Verdict {
  return { is: 'unknown', missing: new Set(paths) };
}

export function said(truth: boolean): Verdict {
  return truth ? YES : NO;
}

/** One false decides. Then whatever is not known outweighs what fails, since it may still turn out false. */
export function every(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.some(({ is }) => is === 'false')) return NO;
  return undecided(verdicts) ?? YES;
}

export function some(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.some(({ is }) => is === 'true')) return YES;
  return undecided(verdicts) ?? NO;
}

export function not(verdict: Verdict): Verdict {
  if (verdict.is === 'true') return NO;
  return verdict.is === 'false' ? YES : verdict;
}

export function missingOf(verdict: Verdict): ReadonlySet<string> {
  return verdict.is === 'unknown' ? verdict.missing : new Set();
}

function undecided(verdicts: readonly Verdict[]): Verdict | undefined {
  const open = verdicts.filter(({ is }) => is === 'unknown');
  if (open.length > 0) return { is: 'unknown', missing: new Set(open.flatMap((verdict) => [...missingOf(verdict)])) };
  return verdicts.find(({ is }) => is === 'error');
}
