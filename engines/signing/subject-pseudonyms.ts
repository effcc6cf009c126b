import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/**
 * Opaque, stable names for those who are outside: a keyed digest, so that nobody without the installation's secret can tell
 * who is behind one, or make one that fits somebody.
 */
export class SubjectPseudonyms {
  /** Facts are kept in memory with their identity, which never changes; the secret of the installation never does either. */
  private readonly known = new WeakMap<UpstreamIdentity, string>();

  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  ofSubject(context: CallContext, kind: 'user' | 'workload', identity: UpstreamIdentity): string {
    const digest = this.known.get(identity) ?? this.digest(context, ['subject', identity.instance, identity.externalId]);
    this.known.set(identity, digest);
    return kind === 'user' ? `u_${digest}` : `w_${digest}`;
  }

  ofClient(context: CallContext, clientId: string): string {
    return `c_${this.digest(context, ['client', clientId])}`;
  }

  /**
   * INVARIANT: JSON keeps the parts apart and escapes halves of surrogate pairs, so that two different names never make the
   * same message; the first part keeps clients apart from subjects.
   */
  private digest(context: CallContext, parts: readonly string[]): string {
    return this.deps.keyAccess.keyedDigest(context, 'subject-pseudonym', JSON.stringify(parts));
  }
}
