import { generateKeyPairSync, hash, type KeyObject, randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, SignJWT } from 'jose';

export interface DpopProver {
  readonly thumbprint: string;
  readonly privateKey: KeyObject;
  /** A proof as jose writes it, with changed claims and header. */
  prove(claims: DpopClaims, header?: Readonly<Record<string, unknown>>): Promise<string>;
}

export interface DpopClaims {
  readonly htu: string;
  readonly htm?: string;
  /** The access token that it is for. */
  readonly token?: string;
  readonly [name: string]: unknown;
}

/** Somebody who holds a key. */
export async function dpopProver(): Promise<DpopProver> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const jwk = await exportJWK(publicKey);
  return {
    thumbprint: await calculateJwkThumbprint(jwk),
    privateKey,
    prove: ({ token, ...claims }, header = {}) => {
      const ath = token === undefined ? {} : { ath: hash('sha256', token, 'base64url') };
      return new SignJWT({ jti: randomUUID(), htm: 'POST', iat: Math.floor(Date.now() / 1000), ...ath, ...claims })
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header })
        .sign(privateKey);
    },
  };
}
