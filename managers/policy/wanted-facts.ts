import type { WantedFact } from '#accessors/facts/contract.js';
import type { AttributeDeclaration, PolicyVersion } from '#accessors/policy/contract.js';

/** Sources that are no fact sources: the token, this service, its tables, and whoever asks. */
const BUILT_IN: ReadonlySet<string> = new Set(['idp', 'sts', 'db', 'pep']);
const wanted = new WeakMap<PolicyVersion, readonly WantedFact[]>();

/** What a fact source is told of: the subject and its tenant, no resource and no request. */
const ASKED_ABOUT: ReadonlySet<AttributeDeclaration['root']> = new Set(['subject', 'tenant', 'session', 'flag']);

/** What fact sources have to be asked for under a policy. */
export function wantedFacts(policy: PolicyVersion): readonly WantedFact[] {
  const known = wanted.get(policy);
  if (known !== undefined) return known;
  const facts = policy.attributes
    .filter(({ source, root }) => !BUILT_IN.has(source) && ASKED_ABOUT.has(root))
    .map(({ source, root, name }) => ({ source, path: `${root}.${name}` }));
  wanted.set(policy, facts);
  return facts;
}
