import type { AuthorizationDetail, CheckDecision, DecisionCode, Explanation, PermissionDecision } from '../contract.js';
import type { PatternCoverage } from './pattern-coverage.js';
import type { Expectation, WrittenCheck } from './test-schema.js';
import { writeMoment } from './time-values.js';

type Lines = readonly string[];
type Granted = Extract<PermissionDecision, { effect: 'granted' }>;

const NOTHING: Omit<Granted, 'effect' | 'scope'> = { permissions: [], conditional: [], details: [], validUntil: null };

/** How what came differs from what was expected, a line each; none: it is as expected. */
export function decisionDifferences(expected: Expectation, decision: PermissionDecision, coverage: PatternCoverage): Lines {
  const came = decision.effect === 'granted' ? decision : NOTHING;
  return [
    ...refusalDifferences(expected, decision),
    ...permissionDifferences(expected.permissions ?? {}, came.permissions, coverage),
    ...conditionalDifferences(expected.conditional, came.conditional),
    ...detailDifferences(expected.details, came.details),
    ...horizonDifferences(expected.horizon, came.validUntil),
  ];
}

export function checkDifferences(expected: WrittenCheck['expect'], { allowed, code, residual }: CheckDecision): Lines {
  if (expected === 'allow' ? allowed : expected === 'deny' ? !allowed : expected === code) return [];
  return [unequal('check', expected, `${allowed ? 'allow' : 'deny'} (${code}${residual === null ? '' : `: ${residual}`})`)];
}

export function explanationDifferences(
  expected: NonNullable<Expectation['explain']>[string],
  { permission, decision }: Pick<Explanation, 'permission' | 'decision'>,
): Lines {
  const came = effectOf(decision);
  const what = `explain ${permission}`;
  return [
    ...(expected.decision === undefined || expected.decision === came
      ? []
      : [unequal(what, expected.decision, `${came} (${decision.code})`)]),
    ...(expected.code === undefined || expected.code === decision.code ? [] : [unequal(what, expected.code, decision.code)]),
  ];
}

function effectOf({ allowed, code }: { readonly allowed: boolean; readonly code: DecisionCode }): string {
  if (allowed) return 'allow';
  return code === 'conditional' ? 'conditional' : 'deny';
}

/** Nothing held is an empty set; any other refusal has to be expected. */
function refusalDifferences({ refused }: Expectation, decision: PermissionDecision): Lines {
  if (decision.effect === 'granted') return refused === undefined ? [] : [unequal('refused', refused, 'an answer')];
  if (refused === decision.code || (refused === undefined && decision.code === 'PERMISSION_NONE')) return [];
  return [unequal('refused', refused ?? 'an answer', `${decision.code} (${decision.because})`)];
}

function permissionDifferences(
  { exact, include = [], exclude = [], count }: NonNullable<Expectation['permissions']>,
  came: Lines,
  coverage: PatternCoverage,
): Lines {
  const held = new Set(came);
  const wanted = coverage.union([...(exact ?? []), ...include]);
  const unwanted = coverage.union(exclude);
  const rest = exact === undefined ? [] : came.filter((name) => !coverage.union(exact).has(name));
  const number = `${came.length} (${came.join(', ')})`;
  return [
    ...misnamed({ exact: exact ?? [], include, exclude }, coverage),
    ...told(
      'permissions: expected and not held',
      [...wanted].filter((name) => !held.has(name)),
    ),
    ...told('permissions: held and not expected', rest),
    ...told(
      'permissions: held although excluded',
      [...unwanted].filter((name) => held.has(name)),
    ),
    ...(count === undefined || count === came.length ? [] : [unequal('permissions: count', String(count), number)]),
  ];
}

/** A name that the application does not have would be excluded by everybody. */
function misnamed(lists: Readonly<Record<string, Lines>>, coverage: PatternCoverage): Lines {
  return Object.entries(lists).flatMap(([name, patterns]) =>
    coverage.faults(`permissions.${name}`, patterns).map(({ path, message }) => `${path}: ${message}`),
  );
}

/** The list is the whole list: what is conditional without being expected is a difference too. */
function conditionalDifferences(expected: Expectation['conditional'], came: Granted['conditional']): Lines {
  if (expected === undefined) return [];
  const residuals = new Map(came.map(({ permission, residual }) => [permission, residual]));
  const names = [...new Set([...Object.keys(expected), ...residuals.keys()])].toSorted();
  return names.flatMap((name) => {
    const wanted = Object.hasOwn(expected, name) ? (expected[name] ?? null) : null;
    const found = residuals.get(name) ?? null;
    return wanted === found ? [] : [unequal(`conditional ${name}`, wanted ?? 'nothing', found ?? 'nothing')];
  });
}

/** One for one in any order; members that are not mentioned are not compared. */
function detailDifferences(expected: Expectation['details'], came: readonly AuthorizationDetail[]): Lines {
  if (expected === undefined) return [];
  const left = [...came];
  const unmet = expected.filter((wanted) => {
    const at = left.findIndex((detail) => matches(wanted, detail));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
  return [
    ...unmet.map((wanted) => unequal('details', JSON.stringify(wanted), 'nothing like it')),
    ...left.map((detail) => unequal('details', 'nothing', JSON.stringify(detail))),
  ];
}

function matches(wanted: object, detail: AuthorizationDetail): boolean {
  const members = new Map<string, unknown>(Object.entries(detail));
  return Object.entries(wanted).every(([name, value]) => JSON.stringify(members.get(name)) === JSON.stringify(value));
}

function horizonDifferences(expected: Expectation['horizon'], came: number | null): Lines {
  if (expected === undefined) return [];
  const text = came === null ? 'none' : writeMoment(came);
  const same = expected === null ? came === null : came !== null && Date.parse(expected) === came;
  return same ? [] : [unequal('horizon', expected ?? 'none', text)];
}

function told(what: string, names: Lines): Lines {
  return names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
}

function unequal(what: string, expected: string, came: string): string {
  return `${what}: expected ${expected}, came ${came}`;
}
