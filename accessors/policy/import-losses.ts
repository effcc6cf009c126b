import type { PolicyContent } from './contract.js';

/** What a file of roles and mappings alone would take away without saying so. */
type Aspect = readonly [name: string, has: (content: PolicyContent) => boolean];

const ASPECTS: readonly Aspect[] = [
  ...(['attributes', 'conditions', 'bindings', 'tiers', 'gates', 'denies', 'stepUps'] as const).map((section): Aspect => [
    section,
    (content) => content[section].length > 0,
  ]),
  ['eligible roles', ({ roles }) => roles.some(({ assignment }) => assignment === 'eligible')],
  ['mappings to groups', ({ mappings }) => mappings.some(({ group }) => Boolean(group))],
  ['mappings within a unit', ({ mappings }) => mappings.some(({ unit }) => Boolean(unit))],
  ['mappings under a condition', ({ mappings }) => mappings.some(({ condition }) => Boolean(condition))],
];

/**
 * What the content in force says and an import says nothing of.
 *
 * SECURITY: a deny, a gate, a unit or a condition that is lost widens what everybody holds, so silence is no instruction.
 */
export function importLosses(inForce: PolicyContent, imported: PolicyContent): readonly string[] {
  return ASPECTS.filter(([, has]) => has(inForce) && !has(imported)).map(([name]) => name);
}
