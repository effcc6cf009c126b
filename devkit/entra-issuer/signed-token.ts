import { constants, createPublicKey, type JsonWebKey, KeyObject, verify } from 'node:crypto';

export type TokenParts = {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
};

/** The parts of a compact JWS, nothing proven; `null` when it is none. */
export function readToken(token: string): TokenParts | null {
  const [header, claims] = token.split('.', 2).map(decoded);
  return header && claims ? { header, claims } : null;
}

/** Whether `key` signed it, RS256 or PS256 as the header says. */
export function isSignedBy(token: string, key: KeyObject | (JsonWebKey & { readonly kid: string })): boolean {
  const end = token.lastIndexOf('.');
  const algorithm = readToken(token)?.header['alg'];
  const publicKey = key instanceof KeyObject ? key : createPublicKey({ key, format: 'jwk' });
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  const input = Buffer.from(token.slice(0, Math.max(0, end)));
  if (algorithm === 'RS256') return verify('sha256', input, publicKey, signature);
  const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
  return algorithm === 'PS256' && verify('sha256', input, { key: publicKey, ...padding }, signature);
}

function decoded(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}
