import { constants, createPrivateKey, type JsonWebKey, KeyObject, randomBytes, sign } from 'node:crypto';

/** A key that the service knows the public half of: `private_key_jwt` (RFC 7523). */
export interface AssertionKey {
  /** A key object, PEM (PKCS8, RFC 5958) or a JWK with its private members. */
  readonly privateKey: KeyObject | string | JsonWebKey;
  /** The `kid` under which it is registered; left out: none is named. */
  readonly keyId?: string;
  /** Of an RSA key; left out: `PS256`. Other keys are good for one algorithm. */
  readonly algorithm?: 'PS256' | 'RS256';
}

type Signs = (key: KeyObject, input: Buffer) => Buffer;
type Algorithm = 'ES256' | 'Ed25519' | 'PS256' | 'RS256';

const SIGN: Readonly<Record<Algorithm, Signs>> = {
  ES256: (key, input) => sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' }),
  Ed25519: (key, input) => sign(null, input, key),
  PS256: (key, input) => sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }),
  RS256: (key, input) => sign('sha256', input, key),
};

/** The service takes none that lives longer. */
const LIFETIME_SECONDS = 60;

/**
 * Makes assertions of one client for one issuer: a new one each time, since each is good once.
 *
 * @throws TypeError when the key is none, or not one that the service takes
 */
export function assertionSigner(of: {
  readonly clientId: string;
  readonly issuer: string;
  readonly key: AssertionKey;
}): (nowSeconds: number) => string {
  const key = privateKeyOf(of.key.privateKey);
  const alg = algorithmOf(key, of.key.algorithm);
  const { keyId: kid } = of.key;
  const header = encoded({ alg, ...(kid === undefined ? {} : { kid }), typ: 'JWT' });
  return (nowSeconds) => {
    const jti = randomBytes(16).toString('base64url');
    const iat = Math.floor(nowSeconds);
    const claims = { iss: of.clientId, sub: of.clientId, aud: of.issuer, iat, exp: iat + LIFETIME_SECONDS, jti };
    const input = `${header}.${encoded(claims)}`;
    return `${input}.${SIGN[alg](key, Buffer.from(input, 'latin1')).toString('base64url')}`;
  };
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function privateKeyOf(key: AssertionKey['privateKey']): KeyObject {
  const found = key instanceof KeyObject ? key : imported(key);
  if (found.type !== 'private') throw new TypeError('privateKey is no private key');
  return found;
}

function imported(key: string | JsonWebKey): KeyObject {
  try {
    return typeof key === 'string' ? createPrivateKey(key) : createPrivateKey({ key, format: 'jwk' });
  } catch {
    // SECURITY: the cause may quote the key.
    throw new TypeError('privateKey is no private key');
  }
}

function algorithmOf(key: KeyObject, wanted: AssertionKey['algorithm']): Algorithm {
  const { modulusLength = 0, namedCurve } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa' && modulusLength >= 2_048) return wanted ?? 'PS256';
  if (wanted !== undefined) throw new TypeError(`the key is not one of ${wanted}`);
  if (namedCurve === 'prime256v1') return 'ES256';
  if (key.asymmetricKeyType === 'ed25519') return 'Ed25519';
  throw new TypeError('privateKey is neither P-256, Ed25519 nor RSA of 2048 bits');
}
