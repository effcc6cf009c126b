import type { ActiveKey, KeyAccess, StandInKeys } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';

/** `typ` of what is signed here: RFC 9068 §2.1, and a name of our own for cut-offs. */
export type SignedType = 'at+jwt' | 'countersign-cutoff+jwt';

/**
 * The header segment, always the same text for the same key: what is verified is compared with it and not parsed.
 */
export function headerSegment(key: ActiveKey, typ: SignedType): string {
  return Buffer.from(JSON.stringify({ alg: key.algorithm, typ, kid: key.kid })).toString('base64url');
}

/** What was signed later, and by which key: one may have stood in for the one that was asked for. */
export interface SignedLater {
  readonly token: string;
  readonly kid: string;
}

interface Dependencies {
  readonly keyAccess: KeyAccess;
  /** Left out: no key stands in for another. */
  readonly standInKeys?: Pick<StandInKeys, 'standIn'>;
}

type HeaderOf = (key: ActiveKey) => string;

/** Puts compact JWS together: header and claims, signed by the active key (RFC 7515 §3.1). */
export class TokenSigner {
  private readonly headers = new WeakMap<ActiveKey, string>();
  private readonly tokenHeader: HeaderOf = (key) => this.headerOf(key);

  constructor(private readonly deps: Dependencies) {}

  /** At once where the key signs at once. */
  sign(context: CallContext, key: ActiveKey, claims: string): string | Promise<SignedLater> {
    return this.signed(context, key, { headerOf: this.tokenHeader, payload: segment(claims) });
  }

  async signCutoffs(context: CallContext, key: ActiveKey, claims: string): Promise<string> {
    const headerOf: HeaderOf = (signer) => headerSegment(signer, 'countersign-cutoff+jwt');
    const signed = this.signed(context, key, { headerOf, payload: segment(claims) });
    return typeof signed === 'string' ? signed : (await signed).token;
  }

  private signed(
    context: CallContext,
    key: ActiveKey,
    of: { readonly headerOf: HeaderOf; readonly payload: string },
  ): string | Promise<SignedLater> {
    const signingInput = `${of.headerOf(key)}.${of.payload}`;
    const signature = this.deps.keyAccess.signWith(context, key, signingInput);
    if (typeof signature === 'string') return `${signingInput}.${signature}`;
    return signature.then(
      (late) => ({ token: `${signingInput}.${late}`, kid: key.kid }),
      (failure: unknown) => {
        const standIn = this.deps.standInKeys?.standIn(context, key, failure);
        // None stands in for one that stands in.
        if (standIn === undefined) throw failure;
        const signed = this.signed(context, standIn, of);
        return typeof signed === 'string' ? { token: signed, kid: standIn.kid } : signed;
      },
    );
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
