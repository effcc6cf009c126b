import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import type { CreatedKey, KeyHandle, PublicMembers, SigningBackend } from '#accessors/key/signing-backend.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Stands for the device or service that holds the keys; outlives the backend. */
export type KeyShelf = Map<string, KeyObject>;

/** The smallest signing backend that keeps the contract: Ed25519 keys on a shelf. For reading; a real one has a real shelf. */
export class MemorySigningBackend implements SigningBackend {
  readonly name = 'memory';
  readonly algorithms: readonly SigningAlgorithm[] = ['Ed25519'];

  constructor(private readonly deps: { readonly shelf: KeyShelf }) {}

  /** The reference is the attempt: asked again, the key that is there is the answer. */
  async create(algorithm: SigningAlgorithm, attempt: string): Promise<CreatedKey> {
    checkAlgorithm(algorithm);
    if (!this.deps.shelf.has(attempt)) this.deps.shelf.set(attempt, generateKeyPairSync('ed25519').privateKey);
    const handle: KeyHandle = { reference: attempt, sealed: null };
    return { handle, publicJwk: await this.publicKey(handle, algorithm) };
  }

  /** At once: the key is in memory and the primitive is quick. */
  sign(handle: KeyHandle, algorithm: SigningAlgorithm, input: string): Buffer {
    checkAlgorithm(algorithm);
    return sign(null, Buffer.from(input, 'latin1'), this.keyOf(handle));
  }

  async publicKey(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<PublicMembers> {
    checkAlgorithm(algorithm);
    const { x } = createPublicKey(this.keyOf(handle)).export({ format: 'jwk' });
    // Named one by one, so that no private member can slip through.
    return { kty: 'OKP', crv: 'Ed25519', x: x ?? '' };
  }

  async destroy(handle: KeyHandle): Promise<void> {
    this.deps.shelf.delete(handle.reference);
  }

  forget(): void {
    // Nothing is held beside the shelf.
  }

  private keyOf({ reference }: KeyHandle): KeyObject {
    const key = this.deps.shelf.get(reference);
    if (key !== undefined) return key;
    throw new CodedError('SIGNING_UNAVAILABLE', { internal: `no key ${reference} on the shelf` });
  }
}

function checkAlgorithm(algorithm: SigningAlgorithm): void {
  if (algorithm === 'Ed25519') return;
  throw new CodedError('SIGNING_UNAVAILABLE', { internal: `the memory backend does not sign with ${algorithm}` });
}
