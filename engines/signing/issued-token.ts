import type { ActiveKey, KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** Puts compact JWS together: header and claims, signed by the active key (RFC 7515 §3.1, RFC 9068 §2.1). */
export class TokenSigner {
  private readonly headers = new WeakMap<ActiveKey, string>();

  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  sign(context: CallContext, key: ActiveKey, claims: string): string {
    const signingInput = `${this.headerOf(key)}.${Buffer.from(claims, 'utf8').toString('base64url')}`;
    return `${signingInput}.${this.deps.keyAccess.signWith(context, key, signingInput)}`;
  }

  private headerOf(key: ActiveKey): string {
    const known = this.headers.get(key);
    if (known !== undefined) return known;

    const header = Buffer.from(JSON.stringify({ alg: key.algorithm, typ: 'at+jwt', kid: key.kid })).toString('base64url');
    this.headers.set(key, header);
    return header;
  }
}
