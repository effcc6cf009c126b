import { webcrypto } from 'node:crypto';
import type { WorldKey } from './world.js';

interface Scheme {
  readonly import: Record<string, unknown> & { readonly name: string };
  readonly verify: Record<string, unknown> & { readonly name: string };
  /** RFC 7518 §3.4, RFC 8032 §5.1.6: bytes of a signature, where they are fixed. */
  readonly length?: number;
}

const pkcs1 = (hash: string): Scheme => ({
  import: { name: 'RSASSA-PKCS1-v1_5', hash },
  verify: { name: 'RSASSA-PKCS1-v1_5' },
});
const pss = (hash: string, saltLength: number): Scheme => ({
  import: { name: 'RSA-PSS', hash },
  verify: { name: 'RSA-PSS', saltLength },
});
const ecdsa = (namedCurve: string, hash: string, length: number): Scheme => ({
  import: { name: 'ECDSA', namedCurve },
  verify: { name: 'ECDSA', hash },
  length,
});
const ed25519: Scheme = { import: { name: 'Ed25519' }, verify: { name: 'Ed25519' }, length: 64 };

/** RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2. */
const SCHEMES: Readonly<Record<string, Scheme>> = {
  RS256: pkcs1('SHA-256'),
  RS384: pkcs1('SHA-384'),
  RS512: pkcs1('SHA-512'),
  PS256: pss('SHA-256', 32),
  PS384: pss('SHA-384', 48),
  PS512: pss('SHA-512', 64),
  ES256: ecdsa('P-256', 'SHA-256', 64),
  ES384: ecdsa('P-384', 'SHA-384', 96),
  ES512: ecdsa('P-521', 'SHA-512', 132),
  EdDSA: ed25519,
  Ed25519: ed25519,
};

/** Signatures by WebCrypto: another interface, other code above OpenSSL, and keys from their JWK. */
export class SignatureOracle {
  private readonly keys = new Map<WorldKey, Promise<webcrypto.CryptoKey>>();

  async verifies(key: WorldKey, signingInput: string, signature: Uint8Array<ArrayBuffer>): Promise<boolean> {
    const scheme = SCHEMES[key.algorithm];
    if (scheme === undefined || (scheme.length !== undefined && scheme.length !== signature.length)) return false;
    const data = new TextEncoder().encode(signingInput);
    return webcrypto.subtle.verify(scheme.verify, await this.imported(key, scheme), signature, data);
  }

  private imported(key: WorldKey, scheme: Scheme): Promise<webcrypto.CryptoKey> {
    const kept = this.keys.get(key);
    if (kept !== undefined) return kept;
    const { alg: _alg, use: _use, ...jwk } = key.publicJwk;
    const made = webcrypto.subtle.importKey('jwk', jwk, scheme.import, false, ['verify']);
    this.keys.set(key, made);
    return made;
  }
}
