import { isJsonObject } from './json-object.js';

/** Takes a value of one shape out of JSON that anybody may have written; `undefined` where it is not of that shape. */
export type Reader<Value> = (value: unknown) => Value | undefined;

export const text: Reader<string> = (value) => (typeof value === 'string' ? value : undefined);
export const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);
export const amount: Reader<number> = (value) => (typeof value === 'number' ? value : undefined);

export function choice<Choice extends string>(choices: readonly Choice[]): Reader<Choice> {
  return (value) => choices.find((each) => each === value);
}

export function nullable<Value>(read: Reader<Value>): Reader<Value | null> {
  return (value) => (value === null ? null : read(value));
}

/** What is not there, because the row is older than the member, is the default. */
export function withDefault<Value>(standard: Value, read: Reader<Value>): Reader<Value> {
  return (value) => (value === undefined ? standard : read(value));
}

export function listOf<Item>(read: Reader<Item>): Reader<readonly Item[]> {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const items: Item[] = [];
    for (const entry of value as readonly unknown[]) {
      const item = read(entry);
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  };
}

export function someOf<Item>(read: Reader<Item>): Reader<readonly [Item, ...Item[]]> {
  return (value) => {
    const [first, ...rest] = listOf(read)(value) ?? [];
    return first === undefined ? undefined : [first, ...rest];
  };
}

export function firstOf<Value>(...readers: readonly Reader<Value>[]): Reader<Value> {
  return (value) => {
    for (const read of readers) {
      const found = read(value);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** The members that are named, and no others. */
export function membersOf<Shape extends object>(readers: {
  readonly [Member in keyof Shape]: Reader<Shape[Member]>;
}): Reader<Shape> {
  return (value) => {
    if (!isJsonObject(value)) return undefined;
    const found: Partial<Shape> = {};
    for (const member in readers) {
      const read = readers[member](value[member]);
      if (read === undefined) return undefined;
      found[member] = read;
    }
    return isWhole<Shape>(found, Object.keys(readers)) ? found : undefined;
  };
}

function isWhole<Shape extends object>(found: Partial<Shape>, members: readonly string[]): found is Shape {
  return members.every((member) => member in found);
}
