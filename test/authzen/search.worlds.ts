/** Small tenants at random: people, groups in groups, assignments, grants on resources, and a policy over them. */
import fc from 'fast-check';
import { liveGroup, liveSubject, liveTenant, member } from '../../accessors/facts/fixtures/live.fixture.js';
import type { LiveRecord } from '#accessors/facts/live-data.contract.js';
import { ALWAYS } from '#utilities/time-window/contract.js';

export const PREFIX = 'shop';
export const TYPES = ['invoice', 'report'] as const;
const VERBS = ['read', 'write', 'pay'];
export const IDS = ['i1', 'i2', 'i3', 'i4'];
export const NAMES = TYPES.flatMap((type) => VERBS.map((verb) => `${PREFIX}:${type}:${verb}`));
export const PEOPLE = ['ana', 'bo', 'cy', 'di', 'ed', 'fi', 'gus', 'hal'];
const GROUPS = ['g0', 'g1', 'g2', 'g3'];
const ROLES = ['r0', 'r1', 'r2', 'r3'];
const LONG_AGO = { from: null, until: 1_000 };

/** What came of one row of the world, for a reading of its own. */
export interface World {
  readonly records: readonly LiveRecord[];
  readonly policy: Readonly<Record<string, unknown>>;
  /** Said of the resource that is asked about, by its type. */
  readonly properties: Readonly<Record<(typeof TYPES)[number], object>>;
  readonly context: object;
  readonly limit: number;
}

const pattern = fc.constantFrom(...NAMES, `${PREFIX}:**`, '**:read', `${PREFIX}:invoice:*`, `${PREFIX}:*:pay`, '**', '*:*:write');
const patterns = fc.array(pattern, { minLength: 1, maxLength: 2 });
const unit = fc.constantFrom(null, null, null, 'org', 'org.emea', 'org.apac');
const mostly = <Value>(usual: Value, ...others: Value[]) => fc.constantFrom(usual, usual, usual, ...others);
const window = mostly(ALWAYS, LONG_AGO);
const holder = fc.oneof(
  fc.record({ type: fc.constant('subject' as const), key: fc.constantFrom(...PEOPLE) }),
  fc.record({ type: fc.constant('group' as const), key: fc.constantFrom(...GROUPS) }),
);
const selector = fc.record({
  type: fc.constantFrom(...TYPES),
  ids: fc.option(fc.subarray(IDS.slice(0, 3), { minLength: 1, maxLength: 2 }), { freq: 3 }),
  path: mostly(null, '/emea/**'),
});
const when = mostly(undefined, 'resource.amount < 10', 'context.risk < 5');

const role = (at: number) =>
  fc.record({
    grants: patterns,
    exclude: mostly<string[]>([], [NAMES[0] ?? '']),
    inherits: fc.subarray(ROLES.slice(0, at), { maxLength: Math.min(at, 1) }),
  });
const principal = fc.oneof(
  { weight: 1, arbitrary: fc.constant('all') },
  { weight: 3, arbitrary: fc.constantFrom(...PEOPLE).map((key) => `subject:${key}`) },
  { weight: 3, arbitrary: fc.constantFrom(...GROUPS).map((key) => `group:${key}`) },
  { weight: 3, arbitrary: fc.constantFrom(...ROLES).map((key) => `role:${key}`) },
);
const binding = fc
  .record({
    principal,
    role: fc.option(fc.constantFrom(...ROLES), { freq: 3 }),
    permissions: patterns,
    unit,
    resource: fc.option(selector, { freq: 3 }),
    when,
  })
  // Only invoices have an amount.
  .map((each) =>
    each.resource?.type === 'report' && each.when?.includes('amount') === true ? { ...each, when: undefined } : each,
  );
const deny = fc.record({
  principals: fc.array(principal, { minLength: 1, maxLength: 2 }),
  permissions: patterns,
  except: fc.array(principal, { maxLength: 1 }),
  when,
});

const assignment = fc.record({
  kind: fc.constant('assignment' as const),
  id: fc.constant(null),
  principal: holder,
  role: fc.constantFrom(...ROLES, 'gone'),
  unit,
  condition: fc.constant(null),
  valid: window,
  state: mostly<'active' | 'eligible' | 'revoked'>('active', 'eligible', 'revoked'),
});
const grant = fc
  .record({
    principal: holder,
    role: fc.option(fc.constantFrom(...ROLES), { freq: 3 }),
    permissions: patterns,
    resource: selector,
    unit,
    valid: window,
  })
  .map((each) => ({
    kind: 'grant' as const,
    id: null,
    condition: null,
    ...each,
    permissions: each.role === null ? each.permissions : [],
  }));

const properties = fc.record(
  {
    amount: fc.constantFrom(5, 50),
    unit: fc.constantFrom('org.emea.ch', 'org.apac'),
    path: fc.constantFrom('/emea/ch', '/apac'),
  },
  { requiredKeys: [] },
);

const documentOf = (values: readonly object[], prefix: string): readonly object[] =>
  values.map(
    (value, at) =>
      JSON.parse(
        JSON.stringify({ id: `${prefix}${String(at)}`, ...value }, (_key, each: unknown) => each ?? undefined),
      ) as object,
  );

export const world: fc.Arbitrary<World> = fc
  .record({
    kinds: fc.array(mostly<'user' | 'workload' | 'agent'>('user', 'workload', 'agent'), { minLength: 8, maxLength: 8 }),
    disabled: fc.subarray(PEOPLE, { maxLength: 1 }),
    parents: fc.tuple(...GROUPS.map((_key, at) => fc.subarray(GROUPS.slice(0, at), { maxLength: Math.min(at, 2) }))),
    members: fc.uniqueArray(fc.tuple(fc.constantFrom(...PEOPLE), fc.constantFrom(...GROUPS)), { maxLength: 6, selector: String }),
    windows: fc.array(window, { minLength: 6, maxLength: 6 }),
    assignments: fc.uniqueArray(assignment, { maxLength: 5, selector: (each) => JSON.stringify({ ...each, state: null }) }),
    grants: fc.uniqueArray(grant, { minLength: 1, maxLength: 5, selector: (each) => JSON.stringify(each) }),
    roles: fc.tuple(role(0), role(1), role(2), role(3)),
    bindings: fc.array(binding, { maxLength: 4 }),
    denies: fc.array(deny, { maxLength: 1 }),
    invoice: properties,
    report: properties,
    context: fc.record({ risk: fc.constantFrom(1, 9) }, { requiredKeys: [] }),
    limit: fc.constantFrom(1, 2, 3, 50),
  })
  .map(({ kinds, disabled, parents, members, windows, assignments, grants, roles, bindings, denies, ...rest }) => ({
    properties: { invoice: rest.invoice, report: rest.report },
    context: rest.context,
    limit: rest.limit,
    records: [
      ...GROUPS.map((key, at) => liveGroup(key, parents[at] ?? [])),
      ...PEOPLE.map((key, at) =>
        liveSubject(key, { subjectKind: kinds[at] ?? 'user', status: disabled.includes(key) ? 'disabled' : 'active' }),
      ),
      ...members.map(([key, group], at) => member(key, group, windows[at] ?? ALWAYS)),
      ...assignments,
      ...grants,
    ],
    policy: {
      attributes: {
        context: { risk: { type: 'int', source: 'pep' } },
        resource: { invoice: { amount: { type: 'int', source: 'pep' } } },
      },
      roles: Object.fromEntries(roles.map((each, at) => [ROLES[at], each])),
      bindings: documentOf(
        bindings.map(({ role: of, permissions, ...each }) => (of === null ? { ...each, permissions } : { ...each, role: of })),
        'b',
      ),
      denies: documentOf(denies, 'd'),
    },
  }));

/** Ids on which grants to the subject, or to groups that it was ever put into, and rules of the policy speak of the type. */
export function namedIds({ records, policy }: World, key: string, type: string): ReadonlySet<string> {
  const groups = new Set(records.flatMap((each) => (each.kind === 'membership' && each.subject === key ? [each.group] : [])));
  for (let before = -1; before < groups.size;) {
    before = groups.size;
    for (const each of records)
      if (each.kind === 'group' && groups.has(each.key)) each.parents.forEach((parent) => groups.add(parent));
  }
  const isTheirs = (of: { readonly type: string; readonly key: string }) =>
    of.type === 'group' ? groups.has(of.key) : of.key === key;
  const grants = records.flatMap((each) => (each.kind === 'grant' && isTheirs(each.principal) ? [each.resource] : []));
  const rules = (policy['bindings'] as { readonly resource?: { readonly type: string; readonly ids?: string[] } }[]).map(
    (each) => each.resource,
  );
  return new Set([...grants, ...rules].flatMap((each) => (each?.type === type ? (each.ids ?? []) : [])));
}

export const tenantRecord = (slug: string): LiveRecord => liveTenant(slug);
