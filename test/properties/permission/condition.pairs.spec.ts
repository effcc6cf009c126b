import { describe, expect, it } from '@jest/globals';
import type { AttributeValue } from '#accessors/policy/contract.js';
import { meaning, namesIn, type Expression } from '../../oracle/permission/expression.js';
import { DECLARATIONS, MEANINGS } from './condition.arbitrary.js';
import { evaluator } from './judge.js';
import { BASE, momentsAround } from './times.js';

const VALUES: Readonly<Record<string, readonly (AttributeValue | undefined)[]>> = {
  'subject.level': [undefined, 0, 2, 60],
  'subject.team': [undefined, 'red', 'blue'],
  'subject.tags': [undefined, [], ['vip']],
  'subject.kind': ['user', 'workload'],
  'subject.clearance': [undefined, 0, 5],
  'tenant.region': [undefined, 'eu-west', 'us'],
  'session.acr': [undefined, 'gold', 'bronze'],
  'session.amr': [[], ['mfa']],
  'session.auth_time': [undefined, BASE / 1000 - 600, BASE / 1000 - 300, BASE / 1000],
  'context.ip': [undefined, '10.1.2.3', '203.0.113.9', 'nonsense'],
  'context.risk': [undefined, 1, 9],
  'resource.amount': [undefined, 1, 60, 500],
  'resource.rows': [undefined, 5, 50],
  'resource.region': [undefined, 'eu', 'us'],
  'resource.id': [undefined, 'i1', 'i3'],
};

/** Every combination of what these paths may be, up to a limit. */
function combinations(paths: readonly string[]): readonly Readonly<Record<string, AttributeValue | undefined>>[] {
  return paths.reduce<Readonly<Record<string, AttributeValue | undefined>>[]>(
    (all, path) => all.flatMap((each) => (VALUES[path] ?? []).map((value) => ({ ...each, [path]: value }))),
    [{}],
  );
}

function outcomes(text: string, expression: Expression): readonly [string, string][] {
  const type = namesIn(expression).paths.includes('resource.rows') ? 'report' : 'invoice';
  const compiled = evaluator.compile(text, { declarations: DECLARATIONS, resourceType: type, params: { limit: 50 } });
  if (!compiled.ok) return [[`does not compile: ${compiled.faults[0]?.message ?? ''}`, '']];
  const found = combinations([...new Set(namesIn(expression).paths)]).flatMap((values) =>
    momentsAround([-61, -60, 0, 1, 60, 120]).map((now): [string, string] => {
      const lookup = (root: string, name: string): AttributeValue | undefined => values[`${root}.${name}`];
      const read = (path: string): unknown => values[path];
      const said = compiled.condition.evaluate({ lookup, params: { limit: 50 }, now, budget: { left: 200_000 } });
      const wanted = meaning(expression, { read, params: { limit: 50 }, now });
      const missing = wanted.is === 'unknown' ? [...wanted.missing].toSorted().join() : '';
      const where = `${text} of ${JSON.stringify(values)} at ${String(now - BASE)}`;
      return [
        `${where}: ${said.outcome} ${said.outcome === 'unknown' ? said.missing.join() : ''}`,
        `${where}: ${wanted.is} ${missing}`,
      ];
    }),
  );
  return found;
}

/** Attributes of one type of resource at most, so that there is a place where it compiles. */
function isOfOneType(expression: Expression): boolean {
  const { paths } = namesIn(expression);
  return !paths.includes('resource.rows') || !paths.some((path) => ['resource.amount', 'resource.region'].includes(path));
}

describe('A condition that is written twice', () => {
  it('means the same in CEL and in JavaScript, whatever is known of what it reads', () => {
    const all = [...MEANINGS].filter(([, expression]) => isOfOneType(expression)).flatMap(([text, each]) => outcomes(text, each));
    expect(all.length).toBeGreaterThan(5000);
    expect(all.filter(([said, wanted]) => said !== wanted)).toEqual([]);
  });
});
