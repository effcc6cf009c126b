import { createHash, generateKeyPair, type JsonWebKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';

const makeKeyPair = promisify(generateKeyPair);

interface SigningKey {
  /** In the form of a certificate thumbprint, as the real service's are; there is no certificate behind it. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JsonWebKey;
}

/** The keys of the stand-in: one signs, all are published. Made at run time, kept in memory, gone with the process. */
export class SigningKeys {
  private published: SigningKey[] = [];
  private signing: SigningKey | null = null;

  get signingKid(): string {
    return this.current().kid;
  }

  get publishedKids(): readonly string[] {
    return this.published.map(({ kid }) => kid);
  }

  /** Makes a key and publishes it. It signs from now on, or with `publishFirst` only after `activateNewest`. */
  async add(rotation: { readonly publishFirst: boolean }): Promise<string> {
    const key = await makeKey();
    this.published.push(key);
    if (this.signing === null || !rotation.publishFirst) this.signing = key;
    return key.kid;
  }

  activateNewest(): void {
    this.signing = this.published.at(-1) ?? null;
  }

  /** Publishes the signing key alone. */
  dropOthers(): void {
    this.published = [this.current()];
  }

  publicJwks(): readonly (JsonWebKey & { readonly kid: string })[] {
    return this.published.map(({ kid, publicJwk }) => ({ ...publicJwk, kid }));
  }

  /** What must never be published: for the fault that publishes it. */
  privateJwks(): readonly (JsonWebKey & { readonly kid: string })[] {
    return this.published.map(({ kid, privateKey }) => ({ ...privateKey.export({ format: 'jwk' }), kid }));
  }

  /** A compact JWS over the claims, with the signing key. */
  sign(header: Readonly<Record<string, unknown>>, claims: Readonly<Record<string, unknown>>): string {
    const input = `${encode(header)}.${encode(claims)}`;
    return `${input}.${sign('sha256', Buffer.from(input), this.current().privateKey).toString('base64url')}`;
  }

  private current(): SigningKey {
    if (this.signing === null) throw new Error('the issuer has not been started');
    return this.signing;
  }
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await makeKeyPair('rsa', { modulusLength: 2048 });
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { kid: createHash('sha1').update(der).digest('base64url'), privateKey, publicJwk: publicKey.export({ format: 'jwk' }) };
}

function encode(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
