import { LRUCache } from 'lru-cache';
import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

const KEPT = 10_000;
/** Longer names are rare and are worked out each time, so that they cannot fill the memory. */
const LONGEST_KEPT = 512;

/**
 * Opaque, stable names for those who are outside: a keyed digest, so that nobody without the installation's secret can tell
 * who is behind one, or make one that fits somebody.
 */
export class SubjectPseudonyms {
  private readonly kept = new LRUCache<string, string>({ max: KEPT });

  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  ofSubject(context: CallContext, kind: 'user' | 'workload', identity: UpstreamIdentity): string {
    const { instance, externalId } = identity;
    const digest = this.digest(context, `s${String(instance.length)}:${instance}${externalId}`, [
      'subject',
      instance,
      externalId,
    ]);
    return `${kind === 'user' ? 'u_' : 'w_'}${digest}`;
  }

  ofClient(context: CallContext, clientId: string): string {
    return `c_${this.digest(context, `c${clientId}`, ['client', clientId])}`;
  }

  /**
   * INVARIANT: JSON keeps the parts apart and escapes halves of surrogate pairs, so that two different names never make the
   * same message; the first part keeps clients apart from subjects.
   */
  private digest(context: CallContext, keptAs: string, parts: readonly string[]): string {
    const known = this.kept.get(keptAs);
    if (known !== undefined) return known;

    const digest = this.deps.keyAccess.keyedDigest(context, 'subject-pseudonym', JSON.stringify(parts));
    if (keptAs.length <= LONGEST_KEPT) this.kept.set(keptAs, digest);
    return digest;
  }
}
