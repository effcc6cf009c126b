export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

const MAX_DEPTH = 8;
const MAX_MEMBERS = 200;
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LONE_SURROGATE = /\p{Surrogate}/u;
const HEX = /^[0-9a-fA-F]{4}$/;

class NotStrict extends Error {}

/** A JSON object (RFC 8259) that has one reading only, by recursive descent; `undefined` for any other bytes. */
export function readJsonObject(bytes: Uint8Array): JsonObject | undefined {
  const text = textOf(bytes);
  if (text === undefined) return undefined;
  try {
    return new JsonReader(text).document();
  } catch (error) {
    if (error instanceof NotStrict) return undefined;
    throw error;
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

class JsonReader {
  private at = 0;
  private members = 0;

  constructor(private readonly text: string) {}

  document(): JsonObject {
    this.blank();
    const value = this.object(1);
    this.blank();
    if (this.at !== this.text.length) throw new NotStrict();
    return value;
  }

  private value(depth: number): JsonValue {
    const next = this.text[this.at];
    if (next === '{') return this.object(depth + 1);
    if (next === '[') return this.array(depth + 1);
    if (next === '"') return this.string();
    if (next === 't') return this.word('true', true);
    if (next === 'f') return this.word('false', false);
    if (next === 'n') return this.word('null', null);
    return this.number();
  }

  private object(depth: number): JsonObject {
    this.enter('{', depth);
    const members = new Map<string, JsonValue>();
    if (this.taken('}')) return members;
    do {
      this.blank();
      const name = this.string();
      if (members.has(name) || FORBIDDEN_NAMES.has(name)) throw new NotStrict();
      this.members += 1;
      if (this.members > MAX_MEMBERS) throw new NotStrict();
      this.blank();
      this.expect(':');
      this.blank();
      members.set(name, this.value(depth));
      this.blank();
    } while (this.taken(','));
    this.expect('}');
    return members;
  }

  private array(depth: number): readonly JsonValue[] {
    this.enter('[', depth);
    const items: JsonValue[] = [];
    if (this.taken(']')) return items;
    do {
      this.blank();
      items.push(this.value(depth));
      this.blank();
    } while (this.taken(','));
    this.expect(']');
    return items;
  }

  private enter(opening: string, depth: number): void {
    this.expect(opening);
    if (depth > MAX_DEPTH) throw new NotStrict();
    this.blank();
  }

  private string(): string {
    this.expect('"');
    let value = '';
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined || character < ' ') throw new NotStrict();
      this.at += 1;
      if (character === '"') break;
      value += character === '\\' ? this.escape() : character;
    }
    if (LONE_SURROGATE.test(value)) throw new NotStrict();
    return value;
  }

  private escape(): string {
    const kind = this.text[this.at] ?? '';
    this.at += 1;
    if (kind !== 'u') {
      const character = ESCAPES.get(kind);
      if (character === undefined) throw new NotStrict();
      return character;
    }
    const digits = this.text.slice(this.at, this.at + 4);
    if (!HEX.test(digits)) throw new NotStrict();
    this.at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const found = NUMBER.exec(this.text);
    if (found === null) throw new NotStrict();
    this.at += found[0].length;
    const value = Number(found[0]);
    if (!Number.isFinite(value)) throw new NotStrict();
    return value;
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) throw new NotStrict();
    this.at += word.length;
    return value;
  }

  private blank(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at += 1;
  }

  private taken(character: string): boolean {
    if (this.text[this.at] !== character) return false;
    this.at += 1;
    return true;
  }

  private expect(character: string): void {
    if (!this.taken(character)) throw new NotStrict();
  }
}
