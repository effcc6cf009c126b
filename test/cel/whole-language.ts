import { type Bound, bind, type Names, type Resolution } from '#engines/permission/cel/binding.js';
import { compileCode } from '#engines/permission/cel/code.js';
import { BudgetUsedUp, Frame } from '#engines/permission/cel/frame.js';
import { timestampOfMillis } from '#engines/permission/cel/moments.js';
import { parseExpression } from '#engines/permission/cel/syntax.js';
import { CelType, type CelValue, Failure, type Outcome } from '#engines/permission/cel/values.js';

const TYPES = ['bool', 'int', 'uint', 'double', 'string', 'bytes', 'list', 'map', 'null_type', 'type'];
const MESSAGE_TYPES = ['google.protobuf.Timestamp', 'google.protobuf.Duration'];
const TYPE_VALUES = new Map([...TYPES, ...MESSAGE_TYPES].map((name) => [name, new CelType(name)]));

export interface Surroundings {
  readonly variables: ReadonlyMap<string, CelValue>;
  /** Prefix that names may leave out: `com.example`. */
  readonly container: string;
}

const NOTHING_AROUND: Surroundings = { variables: new Map(), container: '' };

/** Names of CEL as such: variables that may have dots in them, looked for in the container first, and types. */
class WholeNames implements Names {
  readonly values: Outcome[] = [];

  constructor(private readonly around: Surroundings) {}

  resolve(chain: readonly string[], { at, test }: { readonly at: number; readonly test: boolean }): Resolution | string {
    const longest = test ? chain.length - 1 : chain.length;
    for (let used = longest; used > 0; used -= 1) {
      const bound = this.find(chain.slice(0, used).join('.'), at);
      if (bound !== null) return { bound, used };
    }
    // It fails when it is read: `x || true` is true.
    const index = this.values.push(new Failure(`${chain.join('.')} is not known`)) - 1;
    return { bound: { kind: 'attribute', at, index }, used: chain.length };
  }

  variableFault(): null {
    return null;
  }

  private find(name: string, at: number): Bound | null {
    const prefixes = this.around.container === '' ? [] : this.around.container.split('.');
    for (let length = prefixes.length; length >= 0; length -= 1) {
      const full = [...prefixes.slice(0, length), name].join('.');
      const variable = this.around.variables.get(full);
      const value = variable === undefined ? TYPE_VALUES.get(full) : variable;
      if (value !== undefined) return { kind: 'attribute', at, index: this.values.push(value) - 1 };
    }
    return null;
  }
}

/** Any expression of CEL, by the evaluator that conditions have, without the limits of conditions. */
export function evaluateWhole(text: string, around: Surroundings = NOTHING_AROUND, budget = 1_000_000): Outcome {
  const parsed = parseExpression(text);
  if (!parsed.ok) return new Failure(parsed.message);
  const names = new WholeNames(around);
  const { bound, faults } = bind(parsed.node, names);
  const { code } = compileCode(bound);
  const [fault] = faults;
  if (fault !== undefined) return new Failure(fault.message);
  const frame = new Frame((index) => names.values[index] as Outcome, timestampOfMillis(0));
  frame.left = budget;
  try {
    return code(frame);
  } catch (error) {
    if (error instanceof BudgetUsedUp) return new Failure('budget');
    throw error;
  }
}
