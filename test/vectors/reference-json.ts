/**
 * A second opinion on strict JSON, written for clearness and from the grammar of RFC 8259 alone: it shares no code and no idea
 * with the parser that it is compared with.
 */
export function referenceAccepts(bytes: Buffer): boolean {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return false;
  }
  const reader = new Reader(text);
  try {
    reader.space();
    if (!reader.at('{')) return false;
    reader.value(1);
    reader.space();
    return reader.ended() && reader.members <= 200;
  } catch {
    return false;
  }
}

const NUMBER = /-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const BANNED = ['__proto__', 'constructor', 'prototype'];

class Reader {
  members = 0;
  private index = 0;

  constructor(private readonly text: string) {}

  ended(): boolean {
    return this.index === this.text.length;
  }

  at(character: string): boolean {
    return this.text[this.index] === character;
  }

  space(): void {
    while (this.at(' ') || this.at('\t') || this.at('\n') || this.at('\r')) this.index += 1;
  }

  value(level: number): void {
    if (this.at('{')) this.object(level);
    else if (this.at('[')) this.array(level);
    else if (this.at('"')) this.string();
    else this.scalar();
  }

  private scalar(): void {
    const word = ['true', 'false', 'null'].find((candidate) => this.text.startsWith(candidate, this.index));
    if (word !== undefined) this.index += word.length;
    else this.number();
  }

  private object(level: number): void {
    if (level > 8) throw new Error('deep');
    const names = new Set<string>();
    this.index += 1;
    this.space();
    if (this.take('}')) return;
    for (;;) {
      this.space();
      const name = this.string();
      if (names.has(name) || BANNED.includes(name)) throw new Error('name');
      names.add(name);
      this.members += 1;
      this.space();
      this.need(':');
      this.space();
      this.value(level + 1);
      this.space();
      if (this.take('}')) return;
      this.need(',');
    }
  }

  private array(level: number): void {
    if (level > 8) throw new Error('deep');
    this.index += 1;
    this.space();
    if (this.take(']')) return;
    for (;;) {
      this.space();
      this.value(level + 1);
      this.space();
      if (this.take(']')) return;
      this.need(',');
    }
  }

  private string(): string {
    this.need('"');
    let result = '';
    while (!this.take('"')) result += this.character();
    for (let at = 0; at < result.length; at += 1) {
      const unit = result.charCodeAt(at);
      if (unit < 0xd800 || unit > 0xdfff) continue;
      const next = result.charCodeAt(at + 1);
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) throw new Error('surrogate');
      at += 1;
    }
    return result;
  }

  private character(): string {
    const character = this.text[this.index];
    if (character === undefined || character < ' ') throw new Error('character');
    this.index += 1;
    if (character !== '\\') return character;
    const escape = this.text[this.index] ?? '';
    this.index += 1;
    if (escape !== 'u') {
      const meaning = ESCAPES[escape];
      if (meaning === undefined) throw new Error('escape');
      return meaning;
    }
    const digits = this.text.slice(this.index, this.index + 4);
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Error('escape');
    this.index += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  private number(): void {
    NUMBER.lastIndex = this.index;
    const match = NUMBER.exec(this.text);
    if (match === null || !Number.isFinite(Number(match[0]))) throw new Error('number');
    this.index += match[0].length;
  }

  private take(character: string): boolean {
    if (!this.at(character)) return false;
    this.index += 1;
    return true;
  }

  private need(character: string): void {
    if (!this.take(character)) throw new Error(`no ${character}`);
  }
}
