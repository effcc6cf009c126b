import { isUtf8 } from 'node:buffer';

export type JsonObject = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 8;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_BRACE = 0x7b;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACE = 0x7d;
const CLOSE_BRACKET = 0x5d;
const LOWER_U = 0x75;
const LOWER_D = 0x64;
const TO_LOWER = 0x20;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Reads a JSON object that means the same to every reader, or answers `undefined`. Refused: bytes that are not UTF-8, a byte order
 * mark, anything but an object at the top, more than 8 levels, more members than that, a member name that appears twice in one
 * object (however it is escaped), `__proto__`, `constructor` and `prototype` as names, numbers that JavaScript cannot hold, and
 * strings that are not Unicode text.
 */
export function readStrictJson(bytes: Buffer, mostMembers: number): JsonObject | undefined {
  if (!isUtf8(bytes)) return undefined;
  const outline = outlineOf(bytes);
  // Before JSON.parse, so that nothing deep or wide is ever built.
  if (outline.depth > MAX_DEPTH || outline.members > mostMembers) return undefined;
  const value = parse(bytes);
  if (!isObject(value)) return undefined;
  const survey: Survey = { members: 0, sound: true, checkText: outline.surrogateEscapes };
  surveyObject(value, survey);
  // SECURITY: every structural colon is one member as written, and the parsed value holds each name of an object once. Fewer
  // members held than written means that a name was repeated, in whatever spelling and at whatever level.
  return survey.sound && survey.members === outline.members ? value : undefined;
}

/** Answers `undefined` for text that is not JSON; JSON text itself never parses to `undefined`. */
function parse(bytes: Buffer): unknown {
  try {
    // A byte order mark survives the decoding and is refused as not JSON.
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Outline {
  depth: number;
  members: number;
  surrogateEscapes: boolean;
}

/** What can be told from structural bytes alone; exact for text that JSON.parse accepts, harmless for any other. */
function outlineOf(bytes: Buffer): Outline {
  const outline: Outline = { depth: 0, members: 0, surrogateEscapes: false };
  let level = 0;
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index];
    if (byte === QUOTE) index = endOfString(bytes, index + 1, outline);
    else if (byte === COLON) outline.members += 1;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      level += 1;
      if (level > outline.depth) outline.depth = level;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) level -= 1;
  }
  return outline;
}

/** Index of the closing quote of the string that begins at `start`, or the end of the text. */
function endOfString(bytes: Buffer, start: number, outline: Outline): number {
  let index = start;
  while (index < bytes.length && bytes[index] !== QUOTE) {
    if (bytes[index] === BACKSLASH) {
      if (bytes[index + 1] === LOWER_U && ((bytes[index + 2] ?? 0) | TO_LOWER) === LOWER_D) outline.surrogateEscapes = true;
      index += 1;
    }
    index += 1;
  }
  return index;
}

interface Survey {
  members: number;
  sound: boolean;
  /** Whether strings could hold half a surrogate pair: only an escape can bring one into UTF-8 text. */
  readonly checkText: boolean;
}

function surveyObject(value: JsonObject, survey: Survey): void {
  for (const name of Object.keys(value)) {
    survey.members += 1;
    if (name === '__proto__' || name === 'constructor' || name === 'prototype') survey.sound = false;
    if (survey.checkText) surveyText(name, survey);
    surveyValue(value[name], survey);
  }
}

function surveyValue(value: unknown, survey: Survey): void {
  if (typeof value === 'string') {
    if (survey.checkText) surveyText(value, survey);
  } else if (typeof value === 'number') {
    if (!Number.isFinite(value)) survey.sound = false;
  } else if (Array.isArray(value)) {
    for (const item of value) surveyValue(item, survey);
  } else if (isObject(value)) surveyObject(value, survey);
}

/** SECURITY: halves of surrogate pairs all become the same replacement character in UTF-8, so two identities could become one. */
function surveyText(text: string, survey: Survey): void {
  if (LONE_SURROGATE.test(text)) survey.sound = false;
}
