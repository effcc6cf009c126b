import assert from 'node:assert/strict';
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import type { SigningAlgorithm } from '#accessors/key/contract.js';
import type { CreatedKey, KeyHandle, SigningBackend } from '#accessors/key/signing-backend.contract.js';
import { isCodedError } from '#utilities/errors/coded-error.js';

/** One rule of the contract. `check` rejects when the backend breaks it. Runs under any test runner. */
export interface SigningBackendRule {
  readonly name: string;
  readonly check: () => Promise<void>;
}

/**
 * Answers a backend that was just started, on the same storage each time: the one before may have ended in between.
 */
export type StartBackend = () => Promise<SigningBackend>;

/**
 * What a backend may do without, because the contract lets it:
 * - `adoption`: it keeps nothing of its own, so an attempt that is repeated makes a new key
 * - `lasting-end`: the private half is in the handle, so only whoever drops the handle ends the key
 */
export type Unsupported = 'adoption' | 'lasting-end';

interface Bench {
  readonly start: StartBackend;
  readonly unsupported: ReadonlySet<Unsupported>;
  /** A name for an attempt that was not used before. */
  readonly attempt: () => string;
  /** One of the two keys of each algorithm that the rules share, made at the first need. */
  readonly kept: (backend: SigningBackend, algorithm: SigningAlgorithm, which: 0 | 1) => Promise<CreatedKey>;
}

type Check = (bench: Bench) => Promise<void>;

const KNOWN: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];
const MEMBERS: Readonly<Record<SigningAlgorithm, readonly string[]>> = {
  ES256: ['crv', 'kty', 'x', 'y'],
  RS256: ['e', 'kty', 'n'],
  PS256: ['e', 'kty', 'n'],
  Ed25519: ['crv', 'kty', 'x'],
};
const AT_ONCE = 16;
const INPUT = `${Buffer.from('{"alg":"none-of-your-business"}').toString('base64url')}.cGF5bG9hZA`;

/** The rules as data; give `unsupported` what the backend does without. */
export function signingBackendConformance(
  start: StartBackend,
  unsupported: readonly Unsupported[] = [],
): readonly SigningBackendRule[] {
  let attempts = 0;
  const run = process.hrtime.bigint().toString(36);
  const attempt = (): string => `kit-${run}-${(attempts += 1)}`;
  const keys = new Map<string, Promise<CreatedKey>>();
  const kept: Bench['kept'] = (backend, algorithm, which) => {
    const name = `${algorithm} ${which}`;
    const key = keys.get(name) ?? backend.create(algorithm, attempt());
    keys.set(name, key);
    return key;
  };
  const bench: Bench = { start, unsupported: new Set(unsupported), attempt, kept };
  return Object.entries(CHECKS).map(([name, check]) => ({ name, check: () => check(bench) }));
}

const CHECKS: Readonly<Record<string, Check>> = {
  'has a name of lower case, digits and hyphens': async ({ start }) => {
    const { name } = await start();
    assert.match(name, /^[a-z][a-z0-9-]{0,63}$/);
  },

  'says which algorithms it has: at least one, each once, none that is not known': async ({ start }) => {
    const { algorithms } = await start();
    assert.ok(algorithms.length > 0, 'no algorithm');
    assert.equal(new Set(algorithms).size, algorithms.length, 'an algorithm twice');
    for (const algorithm of algorithms) assert.ok(KNOWN.includes(algorithm), `${algorithm} is not known`);
  },

  'answers the public members of a key of the algorithm, and no other': async (bench) => {
    await withEach(bench, async (_backend, algorithm, { publicJwk }) => {
      assert.deepEqual(Object.keys(publicJwk).sort(), MEMBERS[algorithm]);
      assert.equal(publicKeyOf({ publicJwk }).type, 'public');
    });
  },

  'answers a handle that can be stored in the clear': async (bench) => {
    await withEach(bench, async (_backend, _algorithm, { handle }) => {
      assert.ok(handle.reference.length >= 1 && handle.reference.length <= 1_024, 'a reference of 1 to 1,024 characters');
      assert.deepEqual(Object.keys(handle).sort(), ['reference', 'sealed']);
      assert.doesNotMatch(handle.reference, /PRIVATE KEY|"d"\s*:/);
    });
  },

  'makes another key for each attempt, with another reference': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      const other = await bench.kept(backend, algorithm, 1);
      assert.notDeepEqual(other.publicJwk, created.publicJwk);
      assert.notEqual(other.handle.reference, created.handle.reference);
    });
  },

  'answers the same key when an attempt is repeated after a crash': async (bench) => {
    if (bench.unsupported.has('adoption')) return;
    for (const algorithm of (await bench.start()).algorithms) {
      const attempt = bench.attempt();
      const made = await (await bench.start()).create(algorithm, attempt);
      const again = await (await bench.start()).create(algorithm, attempt);
      assert.deepEqual(again, made);
    }
  },

  'signs what the public key verifies, in the form of JWS': async (bench) => {
    await withFresh(bench, async (backend, algorithm, created) => {
      const signature = await backend.sign(created.handle, algorithm, INPUT);
      assert.ok(Buffer.isBuffer(signature), 'a Buffer');
      if (algorithm === 'ES256' || algorithm === 'Ed25519') assert.equal(signature.length, 64);
      assert.ok(verifies(created, algorithm, INPUT, signature), 'the signature does not verify');
    });
  },

  'is understood by an independent JOSE library': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      const header = Buffer.from(JSON.stringify({ alg: algorithm })).toString('base64url');
      const signature = await backend.sign(created.handle, algorithm, `${header}.cGF5bG9hZA`);
      await compactVerify(`${header}.cGF5bG9hZA.${signature.toString('base64url')}`, { ...created.publicJwk, alg: algorithm });
    });
  },

  'signs the input that it is given, of any length, and not one from before': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      for (const input of ['a.b', 'a.c', '', 'x'.repeat(16_384)]) {
        const signature = await backend.sign(created.handle, algorithm, input);
        assert.ok(
          verifies(created, algorithm, input, signature),
          `not a signature over this input of ${input.length} characters`,
        );
      }
    });
  },

  'signs many inputs at the same time without mixing them up': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      const inputs = Array.from({ length: AT_ONCE }, (_, index) => `input.${index}`);
      const signatures = await Promise.all(inputs.map(async (input) => backend.sign(created.handle, algorithm, input)));
      for (const [index, signature] of signatures.entries()) {
        assert.ok(verifies(created, algorithm, inputs[index] ?? '', signature), `signature ${index} is of another input`);
      }
    });
  },

  'signs with the key of the handle, not with the one made last': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      await backend.publicKey((await bench.kept(backend, algorithm, 1)).handle, algorithm);
      const signature = await backend.sign(created.handle, algorithm, INPUT);
      assert.ok(verifies(created, algorithm, INPUT, signature), 'signed with another key');
    });
  },

  'finds a key by its stored handle after a restart': async (bench) => {
    await withEach(bench, async (_backend, algorithm, created) => {
      const restarted = await bench.start();
      const handle = stored(created.handle);
      const signature = await restarted.sign(handle, algorithm, INPUT);
      assert.ok(verifies(created, algorithm, INPUT, signature), 'not the same key after a restart');
      assert.deepEqual(await (await bench.start()).publicKey(handle, algorithm), created.publicJwk);
    });
  },

  'goes on signing by the handle after it forgot the key': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      backend.forget(created.handle);
      backend.forget(created.handle);
      const signature = await backend.sign(created.handle, algorithm, INPUT);
      assert.ok(verifies(created, algorithm, INPUT, signature), 'not the same key after forget');
    });
  },

  'refuses a reference that it does not know': async (bench) => {
    await withEach(bench, async (backend, algorithm, { handle }) => {
      // A digit of hexadecimal and of base64url, and the end of no attempt.
      const foreign = { ...handle, reference: `${handle.reference.slice(0, -1)}${handle.reference.endsWith('e') ? 'a' : 'e'}` };
      await refused(() => backend.publicKey(foreign, algorithm));
      await refused(() => backend.sign(foreign, algorithm, INPUT));
    });
  },

  'refuses the sealed half of another key': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      const other = await bench.kept(backend, algorithm, 1);
      if (created.handle.sealed === null) return;
      const mixed = { reference: created.handle.reference, sealed: other.handle.sealed };
      await refused(async () => (await bench.start()).publicKey(mixed, algorithm));
    });
  },

  'refuses a sealed half of which a byte was changed': async (bench) => {
    await withEach(bench, async (_backend, algorithm, { handle }) => {
      if (handle.sealed === null) return;
      for (const column of ['sealed', 'wrappedDataKey'] as const) {
        const bytes = Buffer.from(handle.sealed[column]);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
        const altered = { ...handle, sealed: { ...handle.sealed, [column]: bytes } };
        await refused(async () => (await bench.start()).publicKey(altered, algorithm));
      }
    });
  },

  'makes no key for an algorithm that it does not have': async (bench) => {
    const backend = await bench.start();
    for (const algorithm of KNOWN.filter((known) => !backend.algorithms.includes(known))) {
      await refused(() => backend.create(algorithm, bench.attempt()));
    }
  },

  'uses a key with the one algorithm that it was made for': async (bench) => {
    await withEach(bench, async (backend, algorithm, { handle, publicJwk }) => {
      for (const other of KNOWN.filter((known) => known !== algorithm && !isSameType(known, algorithm))) {
        await refused(() => backend.sign(handle, other, INPUT));
        await refused(() => backend.publicKey(handle, other));
      }
      assert.deepEqual(await backend.publicKey(handle, algorithm), publicJwk);
    });
  },

  'never signs again with a key that it ended': async (bench) => {
    await withFresh(bench, async (backend, algorithm, { handle }) => {
      await backend.destroy(handle);
      if (bench.unsupported.has('lasting-end')) return refused(() => backend.sign({ ...handle, sealed: null }, algorithm, INPUT));
      await refused(() => backend.sign(handle, algorithm, INPUT));
      return refused(async () => (await bench.start()).sign(stored(handle), algorithm, INPUT));
    });
  },

  'ends a key twice, and one that another process ended, without a fault': async (bench) => {
    await withFresh(bench, async (backend, _algorithm, { handle }) => {
      await (await bench.start()).destroy(stored(handle));
      await backend.destroy(handle);
      await backend.destroy(handle);
    });
  },

  'ends the one key and no other': async (bench) => {
    await withEach(bench, async (backend, algorithm, created) => {
      const other = await backend.create(algorithm, bench.attempt());
      await backend.destroy(other.handle);
      const signature = await backend.sign(created.handle, algorithm, INPUT);
      assert.ok(verifies(created, algorithm, INPUT, signature), 'another key was ended too');
    });
  },
};

type KeyCheck = (backend: SigningBackend, algorithm: SigningAlgorithm, created: CreatedKey) => Promise<void>;

/** With a key that other rules use too: keys take long to make. */
async function withEach(bench: Bench, body: KeyCheck): Promise<void> {
  const backend = await bench.start();
  for (const algorithm of backend.algorithms) await body(backend, algorithm, await bench.kept(backend, algorithm, 0));
}

/** With a key that was just made, by this backend. */
async function withFresh(bench: Bench, body: KeyCheck): Promise<void> {
  const backend = await bench.start();
  for (const algorithm of backend.algorithms) await body(backend, algorithm, await backend.create(algorithm, bench.attempt()));
}

/** Every refusal has a code, whether it comes at once or later: callers answer by it. */
async function refused(use: () => unknown): Promise<void> {
  const outcome: unknown = await Promise.resolve()
    .then(use)
    .then(
      () => 'nothing was refused',
      (thrown: unknown) => thrown,
    );
  assert.ok(
    isCodedError(outcome),
    `expected an error with a code: ${outcome instanceof Error ? outcome.message : String(outcome)}`,
  );
}

function verifies(key: Pick<CreatedKey, 'publicJwk'>, algorithm: SigningAlgorithm, input: string, signature: Buffer): boolean {
  const publicKey = publicKeyOf(key);
  const bytes = Buffer.from(input, 'latin1');
  switch (algorithm) {
    case 'ES256':
      return verify('sha256', bytes, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature);
    case 'Ed25519':
      return verify(null, bytes, publicKey, signature);
    case 'RS256':
      return verify('sha256', bytes, publicKey, signature);
    case 'PS256':
      // 6: RSA_PKCS1_PSS_PADDING; the salt is as long as the digest (RFC 7518 §3.5).
      return verify('sha256', bytes, { key: publicKey, padding: 6, saltLength: 32 }, signature);
  }
}

function publicKeyOf({ publicJwk }: Pick<CreatedKey, 'publicJwk'>): KeyObject {
  return createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
}

/** RSA keys are of one type for both of their algorithms; which one is meant, the row says. */
function isSameType(one: SigningAlgorithm, other: SigningAlgorithm): boolean {
  return MEMBERS[one].join() === MEMBERS[other].join();
}

/** A handle as it comes back from the database: the same bytes, other objects. */
function stored({ reference, sealed }: KeyHandle): KeyHandle {
  if (sealed === null) return { reference, sealed };
  const copy = { sealed: Buffer.from(sealed.sealed), wrappedDataKey: Buffer.from(sealed.wrappedDataKey) };
  return { reference, sealed: { ...sealed, ...copy } };
}
