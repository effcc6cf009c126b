/** How many steps up there may be from a group to one that it is in. */
const DEEPEST = 8;

interface Edge {
  readonly group_id: string;
  readonly parent_id: string;
}

/** Answers what is wrong with a group, when groups are in one another like this. */
export function nestingFaults(edges: readonly Edge[]): (group: string) => string | undefined {
  const up = longestWays(edges.map(({ group_id, parent_id }) => [group_id, parent_id]));
  const down = longestWays(edges.map(({ group_id, parent_id }) => [parent_id, group_id]));
  return (group) => {
    const above = up.get(group) ?? 0;
    const below = down.get(group) ?? 0;
    if (above === Infinity && below === Infinity) return 'would be inside itself';
    return above !== Infinity && below !== Infinity && above + below > DEEPEST
      ? `would be in a chain of more than ${DEEPEST} steps`
      : undefined;
  };
}

/** From each node the number of steps to the furthest one; what never ends takes infinitely many. Each edge is looked at once. */
function longestWays(edges: readonly (readonly [from: string, to: string])[]): Map<string, number> {
  const cameFrom = new Map<string, string[]>();
  const unseen = new Map<string, number>();
  for (const [from, to] of edges) {
    push(cameFrom, to, from);
    unseen.set(from, (unseen.get(from) ?? 0) + 1);
  }
  const ways = new Map([...unseen.keys()].map((node) => [node, Infinity]));
  const longest = new Map<string, number>();
  const ready = [...cameFrom.keys()].filter((node) => !unseen.has(node));
  for (const node of ready) {
    const steps = longest.get(node) ?? 0;
    ways.set(node, steps);
    for (const from of cameFrom.get(node) ?? []) {
      longest.set(from, Math.max(longest.get(from) ?? 0, steps + 1));
      const left = (unseen.get(from) ?? 0) - 1;
      unseen.set(from, left);
      // What is added here is looked at later in this same loop.
      if (left === 0) ready.push(from);
    }
  }
  return ways;
}

function push(lists: Map<string, string[]>, key: string, item: string): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
