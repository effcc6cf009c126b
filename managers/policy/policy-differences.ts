import type { AttributeValue, PolicyContent } from '#accessors/policy/contract.js';
import type { PolicyDifference } from './contract.js';

type Members = Readonly<Record<string, unknown>>;

/** How each section names what is in it. */
const NAMES: Readonly<Record<keyof PolicyContent, (item: Members) => string>> = {
  attributes: ({ root, resourceType, name }) => [root, resourceType, name].map(text).filter(Boolean).join('.'),
  conditions: ({ key }) => text(key),
  roles: ({ key }) => text(key),
  mappings: ({ issuer, claim, value, role, group }) =>
    `${text(issuer)} ${text(claim)}=${text(value)} → ${role === null ? `group:${text(group)}` : `role:${text(role)}`}`,
  bindings: ({ id }) => text(id),
  tiers: ({ key }) => text(key),
  gates: ({ id }) => text(id),
  denies: ({ id }) => text(id),
  stepUps: ({ id }) => text(id),
  routes: ({ match, application }) => `${text(match)} of ${text(application)}`,
};

/** Every member that is otherwise, section by section; what one side does not have is one difference as a whole. */
export function policyDifferences(before: PolicyContent, after: PolicyContent): readonly PolicyDifference[] {
  const sections = (Object.keys(NAMES) as (keyof PolicyContent)[]).flatMap((section) =>
    sectionDifferences(section, named(section, before), named(section, after)),
  );
  const order = ({ tiers }: PolicyContent) => tiers.map(({ key }) => key);
  const [was, is] = [order(before), order(after)];
  return same(was, is) ? sections : [...sections, { path: 'tiers', before: was, after: is }];
}

function named(section: keyof PolicyContent, content: PolicyContent): ReadonlyMap<string, Members> {
  return new Map(content[section].map((item) => [NAMES[section](item as unknown as Members), item as unknown as Members]));
}

function sectionDifferences(
  section: string,
  before: ReadonlyMap<string, Members>,
  after: ReadonlyMap<string, Members>,
): readonly PolicyDifference[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name) => {
    const path = `${section}.${name}`;
    const [was, is] = [before.get(name), after.get(name)];
    if (was === undefined || is === undefined) return [{ path, before: value(was), after: value(is) }];
    const members = [...new Set([...Object.keys(was), ...Object.keys(is)])];
    return members
      .filter((member) => !same(was[member], is[member]))
      .map((member) => ({ path: `${path}.${member}`, before: value(was[member]), after: value(is[member]) }));
  });
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function value(of: unknown): AttributeValue | undefined {
  return of as AttributeValue | undefined;
}

function text(member: unknown): string {
  return typeof member === 'string' ? member : '';
}
