import { z } from 'zod';
import type { PolicyFault } from '../contract.js';
import { suggestion } from './suggestion.js';

/** Members that people expect and that are called otherwise here, or are not there for a reason. */
const INSTEAD: Readonly<Record<string, string>> = {
  scope: 'the organisational subtree is called unit',
  condition: 'a condition is called when',
  value: 'the value of a claim is called equals',
  stepups: 'did you mean stepUps?',
  max_auth_age: 'did you mean maxAuthAge?',
  effect: 'what takes permissions away stands in denies',
  constraints: 'separation of duties is not built: nothing would enforce it',
};

const MAX_VISITED = 1_000_000;

/** Reads any value by a schema; every fault in one run, also those that a schema passes over. */
export function readDocument<Schema extends z.ZodType>(
  schema: Schema,
  document: unknown,
): { readonly value: z.output<Schema> | null; readonly faults: readonly PolicyFault[] } {
  const unsafe = unsafeNames(document);
  if (unsafe.length > 0) return { value: null, faults: unsafe };
  const parsed = schema.safeParse(document);
  if (parsed.success) return { value: parsed.data, faults: [] };
  const shape: unknown = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { value: null, faults: parsed.error.issues.flatMap((issue) => issueFaults(issue, shape)) };
}

function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === 'number') return `${text}[${part}]`;
    return text === '' ? String(part) : `${text}.${String(part)}`;
  }, '');
}

function issueFaults(issue: z.core.$ZodIssue, shape: unknown): readonly PolicyFault[] {
  const path = pathText(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const known = membersAt(shape, issue.path);
    return issue.keys.map((name) => ({ path: pathText([...issue.path, name]), message: unknownMember(name, known) }));
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path, message: `this name: ${message}` }));
  return [{ path, message: issue.message }];
}

function unknownMember(name: string, known: readonly string[]): string {
  const instead = Object.hasOwn(INSTEAD, name) ? INSTEAD[name] : suggestion(name, known);
  return instead === undefined ? 'unknown member' : `unknown member; ${instead}`;
}

/** The members that the schema has at this place. */
function membersAt(shape: unknown, path: readonly PropertyKey[]): readonly string[] {
  let here = alternatives(shape);
  for (const part of path) {
    here = here.flatMap((each) => {
      const properties = recordOf(each['properties']);
      const inner = typeof part === 'number' ? each['items'] : (properties[String(part)] ?? each['additionalProperties']);
      return alternatives(inner);
    });
  }
  return here.flatMap((each) => Object.keys(recordOf(each['properties'])));
}

function alternatives(shape: unknown): readonly Readonly<Record<string, unknown>>[] {
  const { anyOf } = recordOf(shape);
  return Array.isArray(anyOf) ? anyOf.map(recordOf) : [recordOf(shape)];
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/**
 * SECURITY: schemas pass over this one name in silence, so that a rule by that name would not be there without a word. Works without
 * recursion, and looks at nothing twice, so that no document can exhaust the stack or the time.
 */
function unsafeNames(document: unknown): readonly PolicyFault[] {
  const faults: PolicyFault[] = [];
  const seen = new Set<object>();
  const open: Place[] = [{ value: document, name: '', parent: null }];
  for (let place = open.pop(); place !== undefined; place = open.pop()) {
    const { value } = place;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    if (seen.size > MAX_VISITED) return [{ path: '', message: 'too large' }];
    if (Object.hasOwn(value, '__proto__'))
      faults.push({ path: pathText([...pathTo(place), '__proto__']), message: 'this name cannot be used' });
    const members: readonly (readonly [PropertyKey, unknown])[] = Array.isArray(value)
      ? value.map((member, position) => [position, member])
      : Object.entries(value);
    for (const [name, member] of members) open.push({ value: member, name, parent: place });
  }
  return faults;
}

interface Place {
  readonly value: unknown;
  readonly name: PropertyKey;
  readonly parent: Place | null;
}

function pathTo(place: Place): readonly PropertyKey[] {
  const path: PropertyKey[] = [];
  for (let at = place; at.parent !== null; at = at.parent) path.push(at.name);
  return path.reverse();
}
