import type { WantedFact } from '#accessors/facts/contract.js';
import type { AttributeDeclaration, PolicyVersion } from '#accessors/policy/contract.js';

/** Sources that are no fact sources: the token, this service, its tables, and whoever asks. */
const BUILT_IN: ReadonlySet<string> = new Set(['idp', 'sts', 'db', 'pep']);

/** What a fact source is asked about: the subject and its tenant; it is told of no resource and no request. */
const ASKED_ABOUT: ReadonlySet<AttributeDeclaration['root']> = new Set(['subject', 'tenant', 'session', 'flag']);

const wanted = new WeakMap<PolicyVersion, readonly WantedFact[]>();

/** Worked out once for each version. Mostly nothing. */
export function wantedFacts(policy: PolicyVersion): readonly WantedFact[] {
  const known = wanted.get(policy);
  if (known !== undefined) return known;
  const facts = policy.attributes
    .filter(({ source, root }) => !BUILT_IN.has(source) && ASKED_ABOUT.has(root))
    .map(({ source, root, name }) => ({ source, path: `${root}.${name}` }));
  wanted.set(policy, facts);
  return facts;
}
