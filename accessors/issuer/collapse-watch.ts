/** Fewer keys than this are no crowd that could collapse. */
const LEAST_KEYS = 4;

/**
 * Holds back a key set that suddenly lost more than half of its keys, until it was seen twice in a row: once may be half of a
 * roll-out or a broken cache in front of the issuer, twice is what the issuer means. A key alone, or a few, go at once.
 */
export class CollapseWatch {
  private seen: string | null = null;

  isUnconfirmed(before: ReadonlyMap<string, unknown> | null, after: readonly { readonly kid: string }[]): boolean {
    const kids = JSON.stringify(after.map(({ kid }) => kid).sort());
    const collapsed = before !== null && before.size >= LEAST_KEYS && after.length * 2 < before.size;
    const isFirst = collapsed && this.seen !== kids;
    this.seen = isFirst ? kids : null;
    return isFirst;
  }
}
