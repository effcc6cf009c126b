import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { SigningAlgorithm } from '../contract.js';
import { seal, unseal, unsealFailed, type SealedPlace } from '../envelope.js';
import { jwsSignature, signsForItself } from '../jws-signature.js';
import type { KeyEncryptionKeyProvider, Sealed } from '../key-encryption-key.contract.js';
import { generateKeyPairFor, publicMembers, thumbprintOf } from '../key-pair.js';
import type { CreatedKey, KeyHandle, PublicMembers, SigningBackend } from '../signing-backend.contract.js';

interface OpenedKey {
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicMembers;
  /** What it was opened from: other bytes are opened anew. */
  readonly from: Sealed;
}

/**
 * Keys that are kept sealed in the database and sign in this process. The reference is the thumbprint of the public key.
 *
 * SECURITY: the private half is a `KeyObject` in memory; its PKCS#8 form is filled with zeros after use, and never becomes a
 * string, a JWK or PEM.
 */
export class LocalSigningBackend implements SigningBackend {
  readonly name = 'local';
  readonly algorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];
  private readonly opened = new Map<string, OpenedKey>();

  constructor(private readonly deps: { readonly keyEncryptionKey: KeyEncryptionKeyProvider }) {}

  async create(algorithm: SigningAlgorithm): Promise<CreatedKey> {
    this.checkAlgorithm(algorithm);
    return this.keep((await generateKeyPairFor(algorithm)).privateKey, algorithm);
  }

  /** Seals a key that was made elsewhere and checked; this backend alone can. */
  async keep(privateKey: KeyObject, algorithm: SigningAlgorithm): Promise<CreatedKey> {
    const keyEncryptionKey = await this.deps.keyEncryptionKey.open();
    const publicJwk = publicMembers(createPublicKey(privateKey), algorithm);
    const reference = await thumbprintOf(publicJwk);
    const pkcs8 = privateKey.export({ format: 'der', type: 'pkcs8' });
    try {
      const sealed = await seal(keyEncryptionKey, placeOf(reference, algorithm), pkcs8);
      return { handle: { reference, sealed }, publicJwk };
    } finally {
      pkcs8.fill(0);
    }
  }

  sign(handle: KeyHandle, algorithm: SigningAlgorithm, input: string): Buffer | Promise<Buffer> {
    const opened = this.opened.get(handle.reference);
    if (opened === undefined) return this.openThenSign(handle, algorithm, input);
    if (opened.algorithm !== algorithm) throw doesNotFit(algorithm);
    return jwsSignature(opened.privateKey, algorithm, input);
  }

  async publicKey(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<PublicMembers> {
    return (await this.open(handle, algorithm)).publicJwk;
  }

  destroy(handle: KeyHandle): Promise<void> {
    // The sealed half goes with its column; nothing else holds the key.
    this.forget(handle);
    return Promise.resolve();
  }

  forget(handle: KeyHandle): void {
    this.opened.delete(handle.reference);
  }

  private async openThenSign(handle: KeyHandle, algorithm: SigningAlgorithm, input: string): Promise<Buffer> {
    const { privateKey } = await this.open(handle, algorithm);
    return jwsSignature(privateKey, algorithm, input);
  }

  /** A key that was opened from the very same bytes is not opened again, so that a reload needs no key-encryption key. */
  private async open(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<OpenedKey> {
    this.checkAlgorithm(algorithm);
    const place = placeOf(handle.reference, algorithm);
    if (handle.sealed === null) throw unsealFailed(place, 'the private half is gone');
    const known = this.opened.get(handle.reference);
    if (known?.algorithm === algorithm && isSameSealed(known.from, handle.sealed)) return known;

    const privateKey = await this.unsealKey(place, handle.sealed);
    const opened = { algorithm, privateKey, publicJwk: await provenPublicKey(place, privateKey, algorithm), from: handle.sealed };
    this.opened.set(handle.reference, opened);
    return opened;
  }

  private async unsealKey(place: SealedPlace, sealed: Sealed): Promise<KeyObject> {
    const keyEncryptionKey = await this.deps.keyEncryptionKey.open();
    const pkcs8 = await unseal(keyEncryptionKey, place, sealed);
    try {
      return createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    } catch {
      throw unsealFailed(place, 'the sealed bytes are not a private key');
    } finally {
      pkcs8.fill(0);
    }
  }

  private checkAlgorithm(algorithm: SigningAlgorithm): void {
    if (!this.algorithms.includes(algorithm)) throw doesNotFit(algorithm);
  }
}

/** INVARIANT: what a reference names is proven by the key itself, since the database could say anything. */
async function provenPublicKey(place: SealedPlace, privateKey: KeyObject, algorithm: SigningAlgorithm): Promise<PublicMembers> {
  const publicKey = createPublicKey(privateKey);
  const publicJwk = fittingMembers(place, publicKey, algorithm);
  if ((await thumbprintOf(publicJwk)) !== place.row) throw unsealFailed(place, 'kid is not the thumbprint of the key');
  if (!(await signsForItself(privateKey, publicKey, algorithm))) throw unsealFailed(place, 'the key failed its self-test');
  return publicJwk;
}

function fittingMembers(place: SealedPlace, publicKey: KeyObject, algorithm: SigningAlgorithm): PublicMembers {
  try {
    return publicMembers(publicKey, algorithm);
  } catch {
    throw unsealFailed(place, 'the key does not fit its algorithm');
  }
}

function isSameSealed(one: Sealed, other: Sealed): boolean {
  return (
    one.keyEncryptionKeyId === other.keyEncryptionKeyId &&
    one.formatVersion === other.formatVersion &&
    one.sealed.equals(other.sealed) &&
    one.wrappedDataKey.equals(other.wrappedDataKey)
  );
}

function placeOf(reference: string, algorithm: string): SealedPlace {
  return { table: 'signing_key', tenantId: PLATFORM_TENANT, row: reference, algorithm, purpose: 'token-signing' };
}

function doesNotFit(algorithm: string): CodedError {
  return new CodedError('SIGNING_UNAVAILABLE', { internal: `the key does not sign with ${algorithm}` });
}
