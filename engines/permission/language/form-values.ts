import { z } from 'zod';
import type { AttributeValue } from '#accessors/policy/contract.js';
import { parseDuration, parseMoment } from './time-values.js';

/** What policy files and test files of them are made of. */
export const API_VERSION = 'countersign/v1';

const KEY = /^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/;
const UNIT = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
const CONDITION_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;
const SELECTOR = /^(all|(subject|group|role):[A-Za-z0-9][A-Za-z0-9._@-]{0,127})$/;
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const PATH = /^\/([^/*\s][^/*]*\/)*([^/*\s][^/*]*|\*\*)?$/;

/** Words that mean something in a condition, so that no condition may be called by them. */
const TAKEN = new Set(['true', 'false', 'null', 'in', 'now', 'subject', 'tenant', 'session', 'context', 'resource', 'params']);

export const isKey = (text: string): boolean => KEY.test(text);
export const isUnit = (text: string): boolean => text.length <= 512 && UNIT.test(text);
export const isSelector = (text: string): boolean => SELECTOR.test(text);
export const isResourcePath = (text: string): boolean => text.length <= 1024 && PATH.test(text);
export const isAttributeName = (text: string): boolean => IDENTIFIER.test(text);
export const isConditionName = (text: string): boolean => CONDITION_NAME.test(text) && !TAKEN.has(text);

export const MESSAGES = {
  key: 'expected letters, digits, . _ @ - and at most 128 characters',
  unit: 'expected segments of lower-case letters, digits, _ and - joined by dots, such as org.emea',
  selector: 'expected subject:KEY, group:KEY, role:KEY or all',
  path: 'expected a path such as /emea/ch, or /emea/** for everything below',
  attribute: 'expected a letter or _, then letters, digits and _',
  condition: 'expected a letter or _, then letters, digits, _ and -, and no word that conditions use',
} as const;

export const key = z.string().regex(KEY, MESSAGES.key);
export const slug = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'expected lower-case letters, digits, _ and -, at most 63 characters');
/** Text of an identity provider that is compared exactly: anything but control characters. */
export const claimText = z
  .string()
  .regex(/^[^\u0000-\u001f\u007f-\u009f]{1,1024}$/u, 'expected 1 to 1024 characters without control characters');
export const unit = z.string().max(512).regex(UNIT, MESSAGES.unit);
export const selector = z.string().regex(SELECTOR, MESSAGES.selector);
export const attributeName = z.string().regex(IDENTIFIER, MESSAGES.attribute);
export const conditionName = z.string().regex(CONDITION_NAME, MESSAGES.condition).refine(isConditionName, MESSAGES.condition);
/** Their form is judged with the catalogues at hand. */
export const patterns = z.array(z.string().max(256)).max(10_000);
/** The name of a condition, or a condition in place. */
export const when = z.string().max(4096).regex(/\S/, 'expected a condition, not blanks');

const LIMITS = { depth: 8, members: 256, text: 4096, parts: 4096 };

/**
 * What JSON can say, bounded: nobody can make a condition walk through more. Parts are counted as often as they are met, so that
 * a value which holds the same part again and again ends too.
 */
function isBounded(value: unknown, budget = { parts: LIMITS.parts }, depth = 0): value is AttributeValue {
  if (budget.parts-- <= 0) return false;
  if (typeof value !== 'object' || value === null) return isBoundedScalar(value);
  if (depth >= LIMITS.depth) return false;
  const members: readonly unknown[] = Object.values(value);
  return members.length <= LIMITS.members && members.every((member) => isBounded(member, budget, depth + 1));
}

function isBoundedScalar(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value === 'string') return value.length <= LIMITS.text;
  return value === null || typeof value === 'boolean';
}

export const attributeValue = z.custom<AttributeValue>(
  (value) => isBounded(value),
  `expected text, a number, true, false, null, or lists and records of them, at most ${LIMITS.depth} deep`,
);
export const values = z.record(attributeName, attributeValue);

export const moment = z
  .string()
  .refine((text) => parseMoment(text) !== null, 'expected a time with its offset, such as 2026-01-31T08:00:00Z')
  .meta({ format: 'date-time' });
export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== null, 'expected a whole number and s, m, h or d, such as 30m')
  .meta({ pattern: '^[1-9][0-9]{0,8}[smhd]$' });

/** From `from` on and before `until`. */
export const window = z.strictObject({ from: moment.nullable().optional(), until: moment.nullable().optional() });

export const resource = z.strictObject({
  type: attributeName,
  id: claimText.optional(),
  ids: z.array(claimText).min(1).max(1000).optional(),
  path: z.string().max(1024).regex(PATH, MESSAGES.path).optional(),
});
