import type { ExternalFacts, WantedFact } from '#accessors/facts/contract.js';
import type { AttributeDeclaration, PolicyVersion } from '#accessors/policy/contract.js';

/** Sources that are not fact sources. */
const BUILT_IN: ReadonlySet<string> = new Set(['idp', 'sts', 'db', 'pep']);
/** What a fact source is asked about the subject and its tenant; it is told of no resource and no request. */
const ASKED_ABOUT: ReadonlySet<AttributeDeclaration['root']> = new Set(['subject', 'tenant', 'session', 'flag']);

export const NO_EXTERNAL_FACTS: ExternalFacts = Object.freeze({
  values: new Map(),
  unavailable: new Set<string>(),
  validUntil: null,
});

const wanted = new WeakMap<PolicyVersion, readonly WantedFact[]>();

/** What the policy reads from fact sources; worked out once for each version. Mostly nothing. */
export function wantedFacts(policy: PolicyVersion): readonly WantedFact[] {
  const known = wanted.get(policy);
  if (known !== undefined) return known;

  const facts = policy.attributes
    .filter(({ source, root }) => !BUILT_IN.has(source) && ASKED_ABOUT.has(root))
    .map(({ source, root, name }) => ({ source, path: `${root}.${name}` }));
  wanted.set(policy, facts);
  return facts;
}
