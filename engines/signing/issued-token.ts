import type { ActiveKey, KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** `typ` of what is signed here: RFC 9068 §2.1, and a name of our own for cut-offs. */
export type SignedType = 'at+jwt' | 'countersign-cutoff+jwt';

/**
 * The header segment, always the same text for the same key: what is verified is compared with it and not parsed.
 */
export function headerSegment(key: ActiveKey, typ: SignedType): string {
  return Buffer.from(JSON.stringify({ alg: key.algorithm, typ, kid: key.kid })).toString('base64url');
}

/** Puts compact JWS together: header and claims, signed by the active key (RFC 7515 §3.1). */
export class TokenSigner {
  private readonly headers = new WeakMap<ActiveKey, string>();

  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  /** At once where the key signs at once. */
  sign(context: CallContext, key: ActiveKey, claims: string): string | Promise<string> {
    return this.signed(context, key, `${this.headerOf(key)}.${segment(claims)}`);
  }

  signCutoffs(context: CallContext, key: ActiveKey, claims: string): string | Promise<string> {
    return this.signed(context, key, `${headerSegment(key, 'countersign-cutoff+jwt')}.${segment(claims)}`);
  }

  private signed(context: CallContext, key: ActiveKey, signingInput: string): string | Promise<string> {
    const signature = this.deps.keyAccess.signWith(context, key, signingInput);
    if (typeof signature === 'string') return `${signingInput}.${signature}`;
    return signature.then((late) => `${signingInput}.${late}`);
  }

  private headerOf(key: ActiveKey): string {
    const known = this.headers.get(key);
    if (known !== undefined) return known;

    const header = headerSegment(key, 'at+jwt');
    this.headers.set(key, header);
    return header;
  }
}

function segment(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
