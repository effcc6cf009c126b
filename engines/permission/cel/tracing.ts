/** What each part of a condition came to, for people. It takes nothing from the budget and gives nothing to it. */
import type { AttributeValue } from '#accessors/policy/contract.js';
import type { TraceStep } from '../condition-evaluator.contract.js';
import type { Bound } from './binding.js';
import { compileCode } from './code.js';
import type { Code } from './frame.js';
import { printDuration, printTimestamp } from './moments.js';
import type { Attribute } from './names.js';
import { printExpression } from './printer.js';
import { CelDuration, CelMap, CelTimestamp, type CelValue, Failure, isList, isStop, type Outcome, Unknown } from './values.js';

/** A loop may have thousands of steps; nobody reads them. */
const MOST_STEPS = 500;
const MOST_MEMBERS = 32;

/** The code of the same expression, which tells each step. */
export function tracingCode(bound: Bound, attributes: readonly Attribute[]): Code {
  return compileCode(bound, (node, code) => {
    if (node.kind === 'literal') return code;
    const expression = printExpression(node, attributes);
    return (frame) => {
      const value = code(frame);
      if (frame.trace !== undefined && frame.trace.length < MOST_STEPS) frame.trace.push({ expression, value: told(value) });
      return value;
    };
  }).code;
}

function told(value: Outcome): TraceStep['value'] {
  if (value instanceof Unknown) return { unknown: value.paths };
  if (value instanceof Failure) return { error: value.message };
  return isStop(value) ? null : plainValue(value);
}

/** As JSON has it; a number that JSON would round is a text. */
function plainValue(value: CelValue): AttributeValue {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  // JSON has no -0.
  if (typeof value === 'number') return Number.isFinite(value) ? value + 0 : value.toString();
  return typeof value === 'object' && value !== null ? plainObject(value) : value;
}

function plainObject(value: CelValue & object): AttributeValue {
  if (isList(value)) return value.slice(0, MOST_MEMBERS).map(plainValue);
  if (value instanceof CelTimestamp) return printTimestamp(value);
  if (value instanceof CelDuration) return printDuration(value);
  return value instanceof CelMap ? plainMap(value) : null;
}

function plainMap(map: CelMap): AttributeValue {
  const pairs = [...map.pairs()].slice(0, MOST_MEMBERS);
  return Object.fromEntries(
    pairs.map(({ key, value }) => [typeof key === 'string' ? key : JSON.stringify(plainValue(key)), plainValue(value)]),
  );
}
