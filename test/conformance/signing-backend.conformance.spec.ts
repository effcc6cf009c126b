import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import type { CreatedKey, KeyHandle, PublicMembers, SigningBackend } from '#accessors/key/signing-backend.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { type KeyShelf, MemorySigningBackend } from '../../examples/memory-signing-backend/memory.signing-backend.js';
import { signingBackendConformance, type StartBackend } from './signing-backend.conformance.js';

/** A good backend with some of its parts replaced by faulty ones, on one shelf. */
function faulty(fault: (good: MemorySigningBackend, shelf: KeyShelf) => Partial<SigningBackend>): StartBackend {
  const shelf: KeyShelf = new Map();
  return async () => {
    const good = new MemorySigningBackend({ shelf });
    const whole: SigningBackend = {
      name: good.name,
      algorithms: good.algorithms,
      create: (algorithm, attempt) => good.create(algorithm, attempt),
      sign: (handle, algorithm, input) => good.sign(handle, algorithm, input),
      publicKey: (handle, algorithm) => good.publicKey(handle, algorithm),
      destroy: (handle) => good.destroy(handle),
      forget: () => good.forget(),
    };
    return { ...whole, ...fault(good, shelf) };
  };
}

/** A backend that leaves the private half to the database, here in a form that is not sealed at all. */
class UnsealedBackend extends MemorySigningBackend {
  constructor(
    private readonly keys: KeyShelf,
    private readonly checks: { readonly ownHalf: boolean; readonly bytes: boolean },
  ) {
    super({ shelf: keys });
  }

  override async create(algorithm: SigningAlgorithm, attempt: string): Promise<CreatedKey> {
    const { handle, publicJwk } = await super.create(algorithm, attempt);
    const half = Buffer.from(handle.reference);
    const sealed = { sealed: half, wrappedDataKey: half, keyEncryptionKeyId: 'none', formatVersion: 1 };
    return { handle: { ...handle, sealed }, publicJwk };
  }

  override async publicKey(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<PublicMembers> {
    const half = handle.sealed?.sealed.toString('latin1') ?? handle.reference;
    const isAltered = handle.sealed?.sealed.equals(handle.sealed.wrappedDataKey) === false || !this.keys.has(half);
    if (this.checks.bytes && isAltered) throw new CodedError('KEY_UNSEAL_FAILED');
    if (this.checks.ownHalf && !isAltered && half !== handle.reference) throw new CodedError('KEY_UNSEAL_FAILED');
    return super.publicKey({ reference: handle.reference, sealed: null }, algorithm);
  }
}

const refuse = (): never => {
  throw new CodedError('SIGNING_UNAVAILABLE');
};

/** For each rule one backend that breaks it. */
const PLANTED: Readonly<Record<string, StartBackend>> = {
  'has a name of lower case, digits and hyphens': faulty(() => ({ name: 'Memory Backend' })),

  'says which algorithms it has: at least one, each once, none that is not known': faulty(() => ({
    algorithms: ['Ed25519', 'Ed25519'],
  })),

  'answers the public members of a key of the algorithm, and no other': faulty((good) => ({
    create: async (algorithm, attempt) => {
      const created = await good.create(algorithm, attempt);
      return { ...created, publicJwk: { ...created.publicJwk, d: 'private' } };
    },
  })),

  'answers a handle that can be stored in the clear': faulty((good, shelf) => ({
    create: async (algorithm, attempt) => {
      const { publicJwk } = await good.create(algorithm, attempt);
      const pem = shelf.get(attempt)?.export({ format: 'pem', type: 'pkcs8' }).toString() ?? '';
      return { handle: { reference: pem, sealed: null }, publicJwk };
    },
  })),

  'makes another key for each attempt, with another reference': faulty((good) => ({
    create: (algorithm) => good.create(algorithm, 'always-the-same'),
  })),

  'answers the same key when an attempt is repeated after a crash': faulty((good) => ({
    create: (algorithm, attempt) => good.create(algorithm, `${attempt}-${randomBytes(4).toString('hex')}`),
  })),

  'signs what the public key verifies, in the form of JWS': faulty(() => ({
    sign: (_handle, _algorithm, input) => sign(null, Buffer.from(input), generateKeyPairSync('ed25519').privateKey),
  })),

  'is understood by an independent JOSE library': faulty((good) => ({
    create: async (algorithm, attempt) => {
      const created = await good.create(algorithm, attempt);
      return { ...created, publicJwk: Object.assign({}, created.publicJwk, { key_ops: ['sign'] }) };
    },
  })),

  'signs the input that it is given, of any length, and not one from before': faulty((good) => ({
    sign: (handle, algorithm, input) => good.sign(handle, algorithm, input.slice(0, 4_096)),
  })),

  'signs many inputs at the same time without mixing them up': faulty((good) => {
    let shared = '';
    return {
      sign: async (handle, algorithm, input) => {
        shared = input;
        await Promise.resolve();
        return good.sign(handle, algorithm, shared);
      },
    };
  }),

  'signs with the key of the handle, not with the one made last': faulty((good) => {
    let last: KeyHandle | undefined;
    return {
      publicKey: (handle, algorithm) => {
        last = handle;
        return good.publicKey(handle, algorithm);
      },
      sign: (handle, algorithm, input) => good.sign(last ?? handle, algorithm, input),
    };
  }),

  'finds a key by its stored handle after a restart': faulty((good) => {
    const made = new Set<string>();
    return {
      create: (algorithm, attempt) => {
        made.add(attempt);
        return good.create(algorithm, attempt);
      },
      sign: (handle, algorithm, input) => (made.has(handle.reference) ? good.sign(handle, algorithm, input) : refuse()),
    };
  }),

  'goes on signing by the handle after it forgot the key': faulty((_good, shelf) => ({
    forget: (handle) => void shelf.delete(handle.reference),
  })),

  'refuses a reference that it does not know': faulty((good, shelf) => ({
    publicKey: (handle, algorithm) => {
      const [first = ''] = shelf.keys();
      return good.publicKey(shelf.has(handle.reference) ? handle : { reference: first, sealed: null }, algorithm);
    },
  })),

  'refuses the sealed half of another key': unsealed({ ownHalf: false, bytes: true }),

  'refuses a sealed half of which a byte was changed': unsealed({ ownHalf: true, bytes: false }),

  'makes no key for an algorithm that it does not have': faulty((good) => ({
    create: (_algorithm, attempt) => good.create('Ed25519', attempt),
  })),

  'uses a key with the one algorithm that it was made for': faulty((good) => ({
    sign: (handle, _algorithm, input) => good.sign(handle, 'Ed25519', input),
  })),

  'never signs again with a key that it ended': faulty(() => ({ destroy: async () => undefined })),

  'ends a key twice, and one that another process ended, without a fault': faulty((good, shelf) => ({
    destroy: async (handle) => (shelf.has(handle.reference) ? good.destroy(handle) : refuse()),
  })),

  'ends the one key and no other': faulty((_good, shelf) => ({ destroy: async () => shelf.clear() })),
};

function unsealed(checks: { readonly ownHalf: boolean; readonly bytes: boolean }): StartBackend {
  const shelf: KeyShelf = new Map();
  return async () => new UnsealedBackend(shelf, checks);
}

describe('the conformance kit of signing backends', () => {
  it('has a planted fault for every one of its rules', () => {
    const rules = signingBackendConformance(faulty(() => ({}))).map(({ name }) => name);
    expect(Object.keys(PLANTED)).toEqual(rules);
  });

  it('finds nothing wrong with a good backend', async () => {
    for (const { check } of signingBackendConformance(faulty(() => ({})))) await check();
  });

  it.each(Object.entries(PLANTED))('catches the planted fault against: %s', async (name, start) => {
    const rule = signingBackendConformance(start).find((found) => found.name === name);
    await expect(rule?.check()).rejects.toThrow();
  });

  it('asks nothing that the contract leaves open of a backend that says so', async () => {
    const forgetful = faulty((good) => ({
      create: (algorithm, attempt) => good.create(algorithm, `${attempt}-${randomBytes(4).toString('hex')}`),
    }));
    for (const { check } of signingBackendConformance(forgetful, ['adoption'])) await check();
  });
});
