/** Rows of one set-based statement: many enough to be fast, few enough to keep its parameter small. */
const CHUNK = 5_000;

/** Calls `work` with one part of `items` after the other, and answers all that it answered. */
export async function inChunks<Item, Result>(
  items: readonly Item[],
  work: (part: readonly Item[], offset: number) => Promise<readonly Result[]>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += CHUNK) {
    for (const result of await work(items.slice(start, start + CHUNK), start)) results.push(result);
  }
  return results;
}
