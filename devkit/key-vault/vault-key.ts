import { createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const makeKeyPair = promisify(generateKeyPair);

export const RSA_SIZES: readonly number[] = [2048, 3072, 4096];
const RSA_OPERATIONS = ['encrypt', 'decrypt', 'sign', 'verify', 'wrapKey', 'unwrapKey'];
const EC_OPERATIONS = ['sign', 'verify'];

/** One version of a key. What an update can change is not readonly. */
export interface VaultKey {
  readonly name: string;
  /** 32 hexadecimal digits. */
  readonly version: string;
  readonly kty: 'RSA' | 'RSA-HSM' | 'EC' | 'EC-HSM';
  /** Bits. */
  readonly size: number;
  readonly privateKey: KeyObject;
  readonly publicJwk: JsonWebKey;
  /** Seconds. */
  readonly created: number;
  updated: number;
  enabled: boolean;
  notBefore: number | null;
  expires: number | null;
  operations: readonly string[];
  tags: Readonly<Record<string, string>>;
}

/** What a request says about a key that is to be made, brought in, or changed. */
export interface KeyWishes {
  readonly operations?: readonly string[];
  readonly enabled?: boolean;
  readonly notBefore?: number;
  readonly expires?: number;
  readonly tags?: Readonly<Record<string, string>>;
}

interface Birth {
  readonly name: string;
  readonly now: number;
  readonly kty: VaultKey['kty'];
  readonly wishes: KeyWishes;
}

export async function makeKey(birth: Birth, size: number): Promise<VaultKey> {
  const { privateKey } = isRsa(birth.kty)
    ? await makeKeyPair('rsa', { modulusLength: size })
    : await makeKeyPair('ec', { namedCurve: 'P-256' });
  return versionOf(birth, privateKey, size);
}

/** @throws Error where the members are not a private key */
export function importKey(birth: Birth, jwk: JsonWebKey): VaultKey {
  const privateKey = createPrivateKey({ key: jwk, format: 'jwk' });
  return versionOf(birth, privateKey, privateKey.asymmetricKeyDetails?.modulusLength ?? 256);
}

export function isRsa(kty: VaultKey['kty']): boolean {
  return kty.startsWith('RSA');
}

function versionOf({ name, now, kty, wishes }: Birth, privateKey: KeyObject, size: number): VaultKey {
  return {
    name,
    version: randomBytes(16).toString('hex'),
    kty,
    size,
    privateKey,
    publicJwk: createPublicKey(privateKey).export({ format: 'jwk' }),
    created: now,
    updated: now,
    enabled: wishes.enabled ?? true,
    notBefore: wishes.notBefore ?? null,
    expires: wishes.expires ?? null,
    operations: wishes.operations ?? (isRsa(kty) ? RSA_OPERATIONS : EC_OPERATIONS),
    tags: wishes.tags ?? {},
  };
}

/** The key as the service shows it: never a private member. */
export function bundleOf(key: VaultKey, vaultUrl: string): Record<string, unknown> {
  const members = isRsa(key.kty)
    ? { n: key.publicJwk.n, e: key.publicJwk.e }
    : { crv: key.publicJwk.crv, x: key.publicJwk.x, y: key.publicJwk.y };
  return {
    key: { kid: kidOf(key, vaultUrl), kty: key.kty, key_ops: key.operations, ...members },
    attributes: attributesOf(key),
    tags: key.tags,
  };
}

export function itemOf(key: VaultKey, vaultUrl: string): Record<string, unknown> {
  return { kid: kidOf(key, vaultUrl), attributes: attributesOf(key), tags: key.tags };
}

export function kidOf({ name, version }: VaultKey, vaultUrl: string): string {
  return `${vaultUrl}/keys/${name}/${version}`;
}

function attributesOf(key: VaultKey): Record<string, unknown> {
  return {
    enabled: key.enabled,
    ...(key.notBefore === null ? {} : { nbf: key.notBefore }),
    ...(key.expires === null ? {} : { exp: key.expires }),
    created: key.created,
    updated: key.updated,
    recoveryLevel: 'Recoverable+Purgeable',
    recoverableDays: 90,
    exportable: false,
  };
}
