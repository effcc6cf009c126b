/**
 * One order for everything whose order means nothing, so that files that say the same are the same content. Where a member of a
 * list stood in its file is remembered beside the list, for messages about it.
 */
const positions = new WeakMap<readonly unknown[], readonly number[]>();

export function byText<Item>(textOf: (item: Item) => string): (one: Item, other: Item) => number {
  return (one, other) => {
    const [left, right] = [textOf(one), textOf(other)];
    if (left === right) return 0;
    return left < right ? -1 : 1;
  };
}

/** Sorted by the text, each text once. */
export function canonicalSet<Item>(items: readonly Item[], textOf: (item: Item) => string): readonly Item[] {
  const placed = items.map((item, position) => ({ item, position, text: textOf(item) }));
  const sorted = placed
    .toSorted(byText(({ text }) => text))
    .filter(({ text }, place, all) => place === 0 || all[place - 1]?.text !== text);
  const set = sorted.map(({ item }) => item);
  positions.set(
    set,
    sorted.map(({ position }) => position),
  );
  return set;
}

export function canonicalTexts(texts: readonly string[]): readonly string[] {
  return canonicalSet(texts, (text) => text);
}

/** Sorted by id; equal ones are kept side by side, since they are a fault that has to be told. */
export function canonicalRules<Rule extends { readonly id: string }>(rules: readonly Rule[]): readonly Rule[] {
  const placed = rules.map((rule, position) => ({ rule, position }));
  const sorted = placed.toSorted(byText(({ rule }) => rule.id));
  const list = sorted.map(({ rule }) => rule);
  positions.set(
    list,
    sorted.map(({ position }) => position),
  );
  return list;
}

/** Where this member of the list stood in its file; without a file, where it stands. */
export function positionOf(list: readonly unknown[], index: number): number {
  return positions.get(list)?.[index] ?? index;
}

/** The same text for the same value, whatever the order of members. */
export function canonicalText(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(byText(([name]) => name)))
      : member,
  );
}
