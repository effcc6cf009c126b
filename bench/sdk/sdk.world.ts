/** A stand-in for the service: its keys and cut-offs over HTTP, its token endpoint, and tokens as it writes them. */
import { constants, generateKeyPairSync, type JsonWebKey, type KeyObject, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import { listening } from '../processes/parent-link.js';
import type { CleanUp } from '../processes/clean-up.js';

export type SdkAlgorithm = 'ES256' | 'Ed25519' | 'RS256' | 'PS256';
export const sdkAlgorithms: readonly SdkAlgorithm[] = ['ES256', 'Ed25519', 'RS256', 'PS256'];
export const sdkAudience = 'https://api.bench.example/billing';

export interface SdkWorld {
  readonly issuer: string;
  readonly publicKeys: Readonly<Record<SdkAlgorithm, JsonWebKey>>;
  token(algorithm: SdkAlgorithm): string;
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const lifetimeSeconds = 3_600;

export async function openSdkWorld(cleanUp: CleanUp): Promise<SdkWorld> {
  const pairs = { ES256: pairOf('ES256'), Ed25519: pairOf('Ed25519'), RS256: pairOf('RS256'), PS256: pairOf('PS256') };
  const jwk = (algorithm: SdkAlgorithm): JsonWebKey => ({
    ...pairs[algorithm].publicKey.export({ format: 'jwk' }),
    kid: algorithm,
    alg: algorithm,
    use: 'sig',
  });
  const publicKeys = { ES256: jwk('ES256'), Ed25519: jwk('Ed25519'), RS256: jwk('RS256'), PS256: jwk('PS256') };
  const server = createServer((request, response) => {
    request.resume();
    response.setHeader('content-type', 'application/json');
    response.end(answers[request.url ?? ''] ?? '{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUp.defer(() => {
    server.close().closeAllConnections();
  });
  const issuer = `http://127.0.0.1:${String(listening(server.address()))}`;
  const signed = (algorithm: SdkAlgorithm, typ: string, claims: object): string =>
    compact(pairs[algorithm].privateKey, { alg: algorithm, typ, kid: algorithm }, claims);
  const answers: Readonly<Record<string, string>> = {
    '/.well-known/jwks.json': JSON.stringify({ keys: Object.values(publicKeys) }),
    '/.well-known/countersign-cutoffs.jwt': signed('ES256', 'countersign-cutoff+jwt', cutoffs(issuer)),
    '/oauth2/token': JSON.stringify({
      access_token: signed('ES256', 'at+jwt', claimsOf(issuer)),
      token_type: 'Bearer',
      expires_in: lifetimeSeconds,
      scope: 'billing:invoice0:read',
    }),
  };
  return { issuer, publicKeys, token: (algorithm) => signed(algorithm, 'at+jwt', claimsOf(issuer)) };
}

/** A token as most are. */
function claimsOf(iss: string): object {
  const iat = Math.floor(Date.now() / 1_000);
  return {
    iss,
    sub: `u_${randomUUID()}`,
    aud: sdkAudience,
    client_id: 'portal',
    iat,
    exp: iat + lifetimeSeconds,
    jti: randomUUID(),
    scope: 'billing:invoice0:read billing:invoice1:read',
    tenant: 'acme',
    permissions: Array.from({ length: 8 }, (_, index) => `billing:invoice${String(index)}:read`),
    pv: 'main@1',
    ep: 1,
    oat: iat,
    // As long as the sealed reference of a token is.
    sref: 'r'.repeat(300),
  };
}

function cutoffs(iss: string): object {
  const iat = Math.floor(Date.now() / 1_000);
  const none: readonly never[] = [];
  return {
    iss,
    iat,
    exp: iat + lifetimeSeconds,
    seq: 1,
    revoked_keys: none,
    tainted_keys: none,
    revoked_tokens: none,
    revoked_subjects: none,
    revoked_clients: none,
    revoked_tenants: none,
  };
}

function compact(
  key: KeyObject,
  header: { readonly alg: SdkAlgorithm; readonly [name: string]: unknown },
  claims: object,
): string {
  const input = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${signatureOf(header.alg, key, Buffer.from(input)).toString('base64url')}`;
}

function signatureOf(algorithm: SdkAlgorithm, key: KeyObject, input: Buffer): Buffer {
  if (algorithm === 'Ed25519') return sign(null, input, key);
  if (algorithm === 'ES256') return sign('sha256', input, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm === 'RS256') return sign('sha256', input, key);
  return sign('sha256', input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}

function pairOf(algorithm: SdkAlgorithm): Pair {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' });
  if (algorithm === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('rsa', { modulusLength: 2048 });
}
