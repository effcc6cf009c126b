/** `&&`, `||`, the ternary and the macros: what absorbs errors and unknowns, and what does not. */
import { charge, type Code, type Frame } from './frame.js';
import { NO_OVERLOAD } from './arithmetic.js';
import { CelMap, type CelValue, Failure, isList, isStop, type Outcome, Stop, Unknown, unknownOfBoth } from './values.js';

/** `absorbing` is what decides alone: `true` for `||`. */
export function logical(left: Code, right: Code, absorbing: boolean): Code {
  const neutral = !absorbing;
  return (frame) => {
    charge(frame, 1);
    const a = left(frame);
    if (a === absorbing) return absorbing;
    const b = right(frame);
    if (b === absorbing) return absorbing;
    return a === neutral && b === neutral ? neutral : undecided(a, b, neutral);
  };
}

/** Neither decides alone, and one of them is not neutral. What is not known may yet decide, so that it goes before a failure. */
function undecided(a: Outcome, b: Outcome, neutral: boolean): Stop {
  if (a === neutral) return stopFor(b);
  if (b === neutral) return stopFor(a);
  const [x, y] = [stopFor(a), stopFor(b)];
  if (!(x instanceof Unknown)) return y instanceof Unknown ? y : x;
  return y instanceof Unknown ? unknownOfBoth(x, y) : x;
}

function stopFor(value: Outcome): Stop {
  return isStop(value) ? value : NO_OVERLOAD;
}

export function not(operand: Code): Code {
  return (frame) => {
    charge(frame, 1);
    const value = operand(frame);
    return typeof value === 'boolean' ? !value : stopFor(value);
  };
}

export function ternary(condition: Code, yes: Code, no: Code): Code {
  return (frame) => {
    charge(frame, 1);
    const value = condition(frame);
    if (value === true) return yes(frame);
    return value === false ? no(frame) : stopFor(value);
  };
}

/** The parts of a macro. */
export interface Loop {
  readonly slot: number;
  readonly range: Code;
}

function elementsOf(frame: Frame, range: Outcome): readonly CelValue[] | Stop {
  if (isList(range)) return range;
  if (!(range instanceof CelMap)) return stopFor(range);
  charge(frame, range.size);
  return range.keys();
}

/** `all` (absorbing `false`) and `exists` (absorbing `true`). */
export function quantifier({ slot, range }: Loop, test: Code, absorbing: boolean): Code {
  const neutral = !absorbing;
  return (frame) => {
    charge(frame, 1);
    const elements = elementsOf(frame, range(frame));
    if (elements instanceof Stop) return elements;
    let whole: Outcome = neutral;
    for (const element of elements) {
      charge(frame, 1);
      frame.locals[slot] = element;
      const value = test(frame);
      if (value === absorbing) return absorbing;
      if (value !== neutral) whole = undecided(whole, value, neutral);
    }
    return whole;
  };
}

/** What a pass over the elements has met that is no value. A failure ends it, whatever the rest is. */
class Pass {
  unknown: Unknown | null = null;

  /** `null`: go on. */
  meet(value: Outcome): Failure | null {
    if (!(value instanceof Unknown)) return value instanceof Failure ? value : NO_OVERLOAD;
    this.unknown = this.unknown === null ? value : unknownOfBoth(this.unknown, value);
    return null;
  }
}

export function existsOne({ slot, range }: Loop, test: Code): Code {
  return (frame) => {
    charge(frame, 1);
    const elements = elementsOf(frame, range(frame));
    if (elements instanceof Stop) return elements;
    const pass = new Pass();
    let count = 0;
    for (const element of elements) {
      charge(frame, 1);
      frame.locals[slot] = element;
      const value = test(frame);
      if (value === true) count += 1;
      else if (value !== false) {
        const failure = pass.meet(value);
        if (failure !== null) return failure;
      }
    }
    return pass.unknown ?? count === 1;
  };
}

/** `filter` without a step, `map` with one. */
export function selection({ slot, range }: Loop, test: Code | null, step: Code | null): Code {
  return (frame) => {
    charge(frame, 1);
    const elements = elementsOf(frame, range(frame));
    if (elements instanceof Stop) return elements;
    const pass = new Pass();
    const list: CelValue[] = [];
    for (const element of elements) {
      charge(frame, 2);
      frame.locals[slot] = element;
      const kept = test === null ? true : test(frame);
      if (kept === false) continue;
      const value = kept === true ? (step === null ? element : step(frame)) : stopFor(kept);
      if (!isStop(value)) list.push(value);
      else {
        const failure = pass.meet(value);
        if (failure !== null) return failure;
      }
    }
    return pass.unknown ?? list;
  };
}
