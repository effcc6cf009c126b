import type { PolicyContent } from './contract.js';

/** What a file takes away by not speaking of it. */
const SECTIONS = ['attributes', 'conditions', 'bindings', 'tiers'] as const;

interface Restriction {
  /** How people find it. */
  readonly name: string;
  /** All that it says, as one text. */
  readonly said: string;
}

/** What keeps anybody from anything: each of them by itself. */
const RESTRICTIONS: Readonly<Record<string, (content: PolicyContent) => readonly Restriction[]>> = {
  denies: ({ denies }) => denies.map((each) => ({ name: each.id, said: JSON.stringify(each) })),
  gates: ({ gates }) => gates.map((each) => ({ name: each.id, said: JSON.stringify(each) })),
  stepUps: ({ stepUps }) => stepUps.map((each) => ({ name: each.id, said: JSON.stringify(each) })),
  routes: ({ routes }) => routes.map((each) => ({ name: each.match, said: JSON.stringify(each) })),
  'eligible roles': ({ roles }) =>
    roles.filter(({ assignment }) => assignment === 'eligible').map(({ key }) => ({ name: key, said: key })),
  'exclusions from roles': ({ roles }) =>
    roles.flatMap(({ key, exclude }) => exclude.map((each) => ({ name: `${key}: ${each}`, said: `${key} ${each}` }))),
  'limited mappings': ({ mappings }) =>
    mappings
      .filter(({ group, unit, condition }) => Boolean(group) || Boolean(unit) || Boolean(condition))
      .map((each) => ({ name: `${each.issuer} ${each.claim}=${each.value}`, said: JSON.stringify(each) })),
};

/**
 * What the content in force says and an import says nothing of, or says otherwise. Both are canonical.
 *
 * SECURITY: a deny, a gate, a step-up, a unit or a condition that is lost or says less widens what everybody holds; without a route,
 * a wider one that asks for less may take its place. An import shows
 * nobody what would change, so it may add restrictions, and take away or change none: that takes a plan.
 */
export function importLosses(inForce: PolicyContent, imported: PolicyContent): readonly string[] {
  const staying = new Set(imported.roles.map(({ key }) => key));
  // A role that goes takes its exclusions along: it grants nothing any more.
  const before = { ...inForce, roles: inForce.roles.map((role) => (staying.has(role.key) ? role : { ...role, exclude: [] })) };
  const silent = SECTIONS.filter((section) => inForce[section].length > 0 && imported[section].length === 0);
  const lost = Object.entries(RESTRICTIONS).flatMap(([kind, of]) => {
    const kept = new Set(of(imported).map(({ said }) => said));
    const names = of(before)
      .filter(({ said }) => !kept.has(said))
      .map(({ name }) => name);
    return names.length === 0 ? [] : [`${kind} (${names.join(', ')})`];
  });
  return [...silent, ...lost];
}
