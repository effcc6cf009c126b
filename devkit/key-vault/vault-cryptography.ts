import { constants, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import { signDigest, verifyDigest } from './digest-signatures.js';
import { badParameter, ok, type VaultAnswer } from './vault-answer.js';
import { forbidden } from './vault-faults.js';
import { isRsa, kidOf, type VaultKey } from './vault-key.js';
import { bytesOf, type JsonObject, memberOf } from './vault-request.js';

export type CryptographicOperation = 'sign' | 'verify' | 'wrapKey' | 'unwrapKey';

export interface CryptographicRequest {
  readonly operation: CryptographicOperation;
  readonly body: JsonObject;
  readonly vaultUrl: string;
  /** Seconds. */
  readonly now: number;
}

const WRAPPING = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/** What a disabled or expired key must not do any more; with its public half anybody could do the rest anyway. */
const WITH_PRIVATE_HALF: ReadonlySet<CryptographicOperation> = new Set(['sign', 'unwrapKey']);

export function answerWith(key: VaultKey, request: CryptographicRequest): VaultAnswer {
  return refusalOf(key, request) ?? perform(key, request);
}

function refusalOf(key: VaultKey, { operation, now }: CryptographicRequest): VaultAnswer | null {
  if (!key.operations.includes(operation)) {
    return forbidden('KeyOperationForbidden', `Operation ${operation} is not permitted on this key.`);
  }
  if (!WITH_PRIVATE_HALF.has(operation)) return null;
  if (!key.enabled) return forbidden('KeyDisabled', `Operation ${operation} is not allowed on a disabled key.`);
  if (key.expires !== null && key.expires <= now) {
    return forbidden('KeyExpired', `Operation ${operation} is not allowed on an expired key.`);
  }
  if (key.notBefore !== null && key.notBefore > now) {
    return forbidden('KeyNotYetValid', `Operation ${operation} is not allowed on a key that is not yet valid.`);
  }
  return null;
}

function perform(key: VaultKey, request: CryptographicRequest): VaultAnswer {
  switch (request.operation) {
    case 'sign':
    case 'verify':
      return performOnDigest(key, request);
    case 'wrapKey':
    case 'unwrapKey':
      return performOnKey(key, request);
  }
}

function performOnDigest(key: VaultKey, { operation, body, vaultUrl }: CryptographicRequest): VaultAnswer {
  const algorithm = memberOf(body, 'alg', ['RS256', 'PS256', 'ES256'] as const);
  if (algorithm === null) return badParameter("Property 'alg' has invalid value.");
  if ((algorithm !== 'ES256') !== isRsa(key.kty)) return misfit(kidOf(key, vaultUrl), key.kty, algorithm);
  const digest = bytesOf(body, operation === 'sign' ? 'value' : 'digest');
  if (digest?.length !== 32) {
    return badParameter(
      `Invalid length of 'value': ${digest?.length ?? 0} bytes. ${algorithm} requires 32 bytes, encoded with base64url.`,
    );
  }
  if (operation === 'sign') {
    const value = signDigest(algorithm, key.privateKey, digest).toString('base64url');
    return ok({ kid: kidOf(key, vaultUrl), value });
  }
  const signature = bytesOf(body, 'value') ?? Buffer.alloc(0);
  return ok({ value: verifyDigest(algorithm, key.privateKey, { digest, signature }) });
}

function misfit(kid: string, kty: string, algorithm: string): VaultAnswer {
  const types = algorithm === 'ES256' ? "'EC' or 'EC-HSM'" : "'RSA' or 'RSA-HSM'";
  return badParameter(
    `Key and signing key algorithm are incompatible. Key ${kid} is of type '${kty}', and algorithm '${algorithm}' can only be ` +
      `used with a key of type ${types}.`,
  );
}

function performOnKey(key: VaultKey, { operation, body, vaultUrl }: CryptographicRequest): VaultAnswer {
  if (body['alg'] !== 'RSA-OAEP-256') return badParameter("Property 'alg' has invalid value.");
  if (!isRsa(key.kty)) {
    return badParameter(`Key and encryption algorithm are incompatible. Key ${kidOf(key, vaultUrl)} is of type '${key.kty}'.`);
  }
  const value = bytesOf(body, 'value');
  if (value === null) return badParameter("Property 'value' has invalid value.");
  try {
    const result =
      operation === 'wrapKey'
        ? publicEncrypt({ key: createPublicKey(key.privateKey), ...WRAPPING }, value)
        : privateDecrypt({ key: key.privateKey, ...WRAPPING }, value);
    return ok({ kid: kidOf(key, vaultUrl), value: result.toString('base64url') });
  } catch {
    return badParameter('The parameter is incorrect.\r\n');
  }
}
