/** Conditions as pairs: what they mean, and the CEL that the engine is given for it. */
import fc from 'fast-check';
import type { AttributeDeclaration, ConditionUse } from '#accessors/policy/contract.js';
import type { NamedCondition } from '#accessors/facts/contract.js';
import type { Expression } from '../../oracle/permission/expression.js';
import { meaningsOf } from '../../oracle/permission/horizon.js';
import { momentsAround } from './times.js';

const declared = (
  root: AttributeDeclaration['root'],
  names: Readonly<Record<string, string>>,
  source: string,
  resourceType: string | null = null,
): readonly AttributeDeclaration[] => Object.entries(names).map(([name, type]) => ({ root, resourceType, name, type, source }));

export const DECLARATIONS: readonly AttributeDeclaration[] = [
  ...declared('subject', { level: 'int', team: 'string', tags: 'list<string>' }, 'db'),
  ...declared('subject', { kind: 'string' }, 'sts'),
  ...declared('subject', { clearance: 'int' }, 'hr'),
  ...declared('tenant', { region: 'string' }, 'db'),
  ...declared('session', { acr: 'string', amr: 'list<string>', auth_time: 'timestamp' }, 'idp'),
  ...declared('context', { ip: 'string', risk: 'int' }, 'pep'),
  ...declared('resource', { amount: 'int', region: 'string' }, 'pep', 'invoice'),
  ...declared('resource', { rows: 'int' }, 'pep', 'report'),
];

const ATOMS: readonly Expression[] = [
  { op: 'compare', path: 'subject.level', by: '>=', to: 2 },
  { op: 'compare', path: 'subject.team', by: '==', to: 'red' },
  { op: 'holds', path: 'subject.tags', value: 'vip' },
  { op: 'compare', path: 'subject.kind', by: '!=', to: 'workload' },
  { op: 'compare', path: 'subject.clearance', by: '>', to: 1 },
  { op: 'starts', path: 'tenant.region', prefix: 'eu' },
  { op: 'oneOf', path: 'session.acr', values: ['gold', 'silver'] },
  { op: 'holds', path: 'session.amr', value: 'mfa' },
  { op: 'younger', path: 'session.auth_time', seconds: 300 },
  { op: 'inNetwork', path: 'context.ip', network: '10.0.0.0/8' },
  { op: 'compare', path: 'context.risk', by: '<', to: 5 },
  { op: 'compare', path: 'resource.amount', by: '<', to: 100 },
  { op: 'compare', path: 'resource.rows', by: '<', to: 10 },
  { op: 'compare', path: 'resource.amount', by: '<', to: { param: 'limit' } },
  { op: 'compare', path: 'subject.level', by: '>', to: { param: 'limit' } },
  { op: 'compare', path: 'resource.region', by: '==', to: 'eu' },
  { op: 'oneOf', path: 'resource.id', values: ['i1', 'i2'] },
  { op: 'fails', path: 'subject.level' },
  { op: 'fails', path: 'context.risk' },
  { op: 'fails', path: 'subject.clearance' },
  { op: 'hours', zone: 'Europe/Zurich', from: 7, to: 18 },
  ...momentsAround([-60, 0, 30, 300]).map((at): Expression => ({ op: 'now', by: '<', at })),
  ...momentsAround([0, 60]).map((at): Expression => ({ op: 'now', by: '>=', at })),
];

/** Every atom, and pairs of them in each form; a fixed list, so that each is compiled once. */
const EXPRESSIONS: readonly Expression[] = [
  ...ATOMS,
  ...ATOMS.flatMap((one, at): Expression[] => {
    const other = ATOMS[(at * 7 + 3) % ATOMS.length] ?? one;
    const third = ATOMS[(at * 5 + 1) % ATOMS.length] ?? one;
    return [
      { op: 'not', side: one },
      { op: 'and', sides: [one, other] },
      { op: 'or', sides: [other, third] },
      {
        op: 'and',
        sides: [
          { op: 'or', sides: [one, third] },
          { op: 'not', side: other },
        ],
      },
    ];
  }),
];

export const MEANINGS = meaningsOf(EXPRESSIONS);

const TEXTS = [...MEANINGS.keys()];
/** The last ones stand in no policy. */
const CONDITION_KEYS = ['c0', 'c1', 'c2', 'c3', 'gone', '__proto__', 'toString'];

const params = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom({ limit: 50 }, { limit: 2 }, { limit: 100 }) },
  { weight: 1, arbitrary: fc.constant({}) },
);
const text = fc.constantFrom(...TEXTS);

export const namedConditions = fc
  .tuple(text, text, text, text)
  .map((texts) => texts.map((expression, index) => ({ key: `c${String(index)}`, expression })));

/** In a policy: with its text, whatever its name. */
export const conditionUse: fc.Arbitrary<ConditionUse> = fc.record({ key: fc.constant(null), expression: text, params });

/** Beside live data: by name alone. */
export const namedCondition: fc.Arbitrary<NamedCondition> = fc.record({
  key: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('c0', 'c1', 'c2', 'c3') },
    { weight: 1, arbitrary: fc.constantFrom(...CONDITION_KEYS) },
  ),
  params,
});
