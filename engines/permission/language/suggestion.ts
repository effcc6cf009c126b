const MAX_COMPARED = 64;

/** `did you mean grants?` where one of the known names is near enough; otherwise `undefined`. */
export function suggestion(name: string, known: Iterable<string>): string | undefined {
  if (name.length > MAX_COMPARED) return undefined;
  const bound = Math.max(1, Math.floor(name.length / 3));
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const candidate of known) {
    if (candidate.length > MAX_COMPARED || Math.abs(candidate.length - name.length) > bound) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance <= bound && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  return best === undefined ? undefined : `did you mean ${best.name}?`;
}

/** Insertions, deletions and replacements. */
function editDistance(from: string, to: string): number {
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const line = [row];
    for (let column = 1; column <= to.length; column++) {
      const replaced = (last[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      line.push(Math.min((last[column] ?? 0) + 1, (line[column - 1] ?? 0) + 1, replaced));
    }
    last = line;
  }
  return last[to.length] ?? 0;
}
