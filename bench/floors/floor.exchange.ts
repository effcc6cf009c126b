/**
 * The least that any exchange must do, by the fastest correct primitives of Node: prove an RS256 token by a prepared key, check
 * that it has not ended, sign an ES256 token. No issuer look-up, no policy, no audit, no error texts.
 *
 * Keys are passed bare: on Node 24 the object form `{ key, dsaEncoding }` costs 8 to 17 µs more for each operation, so the
 * signature is taken in DER and turned into the form of JWS here.
 */
import { createPublicKey, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import type { JsonWebKey, KeyObject } from 'node:crypto';

export const floorPermissions: readonly string[] = Array.from({ length: 12 }, (_, index) => `bench:floor${index}:read`);
export const floorLifetimeSeconds = 600;

const tokenType = /^[\w-]+\.[\w-]+\.[\w-]+$/;
/** Length of an RS256 signature by a 2048-bit key, base64url. */
const signatureLength = 342;

export class FloorExchange {
  readonly #verifyKey: KeyObject;
  readonly #signKey: KeyObject;
  readonly #subjectHeader: string;
  readonly #issuedHeader: string;
  readonly #claimsStart: string;
  readonly #claimsEnd: string;
  readonly publishedJwk: JsonWebKey & { kid: string };

  /** @param deps.subjectHeader the one accepted header segment; it stands for the checked algorithm, type and key id */
  constructor(deps: {
    readonly issuer: string;
    readonly audience: string;
    readonly subjectJwk: JsonWebKey;
    readonly subjectHeader: string;
  }) {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = randomUUID();
    this.publishedJwk = { ...pair.publicKey.export({ format: 'jwk' }), kid };
    this.#verifyKey = createPublicKey({ key: deps.subjectJwk, format: 'jwk' });
    this.#signKey = pair.privateKey;
    this.#subjectHeader = deps.subjectHeader;
    this.#issuedHeader = `${base64url(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid }))}.`;
    this.#claimsStart = `{"iss":${JSON.stringify(deps.issuer)},"aud":${JSON.stringify(deps.audience)},"client_id":"bench","tenant":"bench",`;
    this.#claimsEnd = `,"scope":"${floorPermissions.join(' ')}","permissions":${JSON.stringify(floorPermissions)}}`;
  }

  /** The issued token, or `undefined` for a token that is not accepted. */
  exchange(token: string): string | undefined {
    const subject = this.#verified(token);
    return subject === undefined ? undefined : this.#issue(subject);
  }

  #verified(token: string): string | undefined {
    const first = token.indexOf('.');
    const second = token.lastIndexOf('.');
    if (token.length > 16_384 || token.length - second - 1 !== signatureLength || !tokenType.test(token)) return undefined;
    if (token.slice(0, first) !== this.#subjectHeader) return undefined;
    const signature = Buffer.from(token.slice(second + 1), 'base64url');
    if (!verify('sha256', Buffer.from(token.slice(0, second), 'latin1'), this.#verifyKey, signature)) return undefined;
    const claims: unknown = JSON.parse(Buffer.from(token.slice(first + 1, second), 'base64url').toString());
    if (!isSubject(claims) || claims.exp * 1000 <= Date.now()) return undefined;
    return claims.sub;
  }

  #issue(subject: string): string {
    const now = Math.floor(Date.now() / 1000);
    const varying = `"sub":${JSON.stringify(subject)},"iat":${now},"exp":${now + floorLifetimeSeconds},"jti":"${randomUUID()}"`;
    const input = this.#issuedHeader + base64url(this.#claimsStart + varying + this.#claimsEnd);
    return `${input}.${joseSignature(sign('sha256', Buffer.from(input, 'latin1'), this.#signKey)).toString('base64url')}`;
  }
}

/** DER `SEQUENCE { r, s }` to the 64 bytes `r || s` of RFC 7518 §3.4. */
export function joseSignature(der: Buffer): Buffer {
  const signature = Buffer.alloc(64);
  const rLength = der[3] ?? 0;
  const sStart = 6 + rLength;
  copyInteger(der, 4, rLength, signature, 32);
  copyInteger(der, sStart, der[sStart - 1] ?? 0, signature, 64);
  return signature;
}

function copyInteger(der: Buffer, start: number, length: number, target: Buffer, end: number): void {
  const skipped = length > 32 ? length - 32 : 0;
  der.copy(target, end - length + skipped, start + skipped, start + length);
}

function base64url(text: string): string {
  return Buffer.from(text).toString('base64url');
}

function isSubject(claims: unknown): claims is { sub: string; exp: number } {
  return (
    typeof claims === 'object' &&
    claims !== null &&
    'sub' in claims &&
    'exp' in claims &&
    typeof claims.sub === 'string' &&
    typeof claims.exp === 'number'
  );
}
