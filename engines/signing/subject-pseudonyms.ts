import type { UpstreamIdentity } from '#accessors/facts/contract.js';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/**
 * Opaque, stable names for those who are outside: a keyed digest, so that nobody without the installation's secret can tell
 * who is behind one, or make one that fits somebody. Working one out costs no more than looking it up among many.
 */
export class SubjectPseudonyms {
  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  ofSubject(context: CallContext, kind: 'user' | 'workload', identity: UpstreamIdentity): string {
    const digest = this.digest(context, ['subject', identity.instance, identity.externalId]);
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
