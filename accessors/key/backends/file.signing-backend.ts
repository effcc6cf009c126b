import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { constants } from 'node:fs';
import { access, link, open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '#utilities/clock/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { SigningAlgorithm } from '../contract.js';
import { jwsSignature, signsForItself } from '../jws-signature.js';
import { generateKeyPairFor, publicMembers, thumbprintOf } from '../key-pair.js';
import type { CreatedKey, KeyHandle, PublicMembers, SigningBackend } from '../signing-backend.contract.js';

interface OpenedKey {
  readonly algorithm: SigningAlgorithm;
  readonly privateKey: KeyObject;
  readonly publicJwk: PublicMembers;
  /** Changes when the file does. */
  readonly stamp: string;
  /** Monotonic milliseconds; after them the file is looked at again. */
  readonly freshUntil: number;
}

const OWNER_READS = 0o400;
/** How long a change of the file may go unseen. */
const LOOK_AGAIN_MS = 2_000;
const MOST_BYTES = 16 * 1024;
const FILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.(pem|jwk)$/;

/**
 * Keys in files of one folder, PKCS#8 PEM or a private JWK each, that their owner alone may read; put there by us or by another
 * program. A reference is `FILE#THUMBPRINT`, so that a file that was changed for another key does not sign under the old `kid`.
 * A file that is replaced, closed to us or gone is noticed within 2 s.
 */
export class FileSigningBackend implements SigningBackend {
  readonly name = 'file';
  readonly algorithms: readonly SigningAlgorithm[] = ['ES256', 'RS256', 'PS256', 'Ed25519'];
  private readonly opened = new Map<string, OpenedKey>();

  constructor(private readonly deps: { readonly directory: string; readonly clock: Clock }) {}

  /** The attempt is the name of the file: one that is there is taken, and never written again. */
  async create(algorithm: SigningAlgorithm, attempt: string): Promise<CreatedKey> {
    const file = `${attempt}.${algorithm.toLowerCase()}.pem`;
    if (!this.algorithms.includes(algorithm) || !FILE_NAME.test(file)) throw unavailable(file, 'not a name for a key file');
    if (!(await this.isThere(file))) await this.writeNew(file, algorithm);
    const publicJwk = (await this.read(file, algorithm)).publicJwk;
    return { handle: { reference: `${file}#${await thumbprintOf(publicJwk)}`, sealed: null }, publicJwk };
  }

  sign(handle: KeyHandle, algorithm: SigningAlgorithm, input: string): Buffer | Promise<Buffer> {
    const opened = this.opened.get(handle.reference);
    if (opened?.algorithm === algorithm && this.deps.clock.monotonic() < opened.freshUntil) {
      return jwsSignature(opened.privateKey, algorithm, input);
    }
    return this.look(handle, algorithm).then(({ privateKey }) => jwsSignature(privateKey, algorithm, input));
  }

  async publicKey(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<PublicMembers> {
    return (await this.look(handle, algorithm)).publicJwk;
  }

  async destroy(handle: KeyHandle): Promise<void> {
    this.forget(handle);
    const [file] = partsOf(handle);
    await unlink(join(this.deps.directory, file)).catch((cause: unknown) => {
      if (codeOf(cause) !== 'ENOENT') throw unavailable(file, 'cannot be removed', cause);
    });
  }

  forget(handle: KeyHandle): void {
    this.opened.delete(handle.reference);
  }

  private async look(handle: KeyHandle, algorithm: SigningAlgorithm): Promise<OpenedKey> {
    if (!this.algorithms.includes(algorithm)) throw unavailable('', `no ${algorithm}`);
    const [file, thumbprint] = partsOf(handle);
    try {
      const read = await this.read(file, algorithm, this.opened.get(handle.reference));
      const found = await thumbprintOf(read.publicJwk);
      if (found !== thumbprint) throw unsealed(file, `the file holds the key ${found}`);
      this.opened.set(handle.reference, read);
      return read;
    } catch (cause) {
      this.opened.delete(handle.reference);
      throw cause;
    }
  }

  private async read(file: string, algorithm: SigningAlgorithm, known?: OpenedKey): Promise<OpenedKey> {
    const freshUntil = this.deps.clock.monotonic() + LOOK_AGAIN_MS;
    const handle = await this.openFile(file);
    try {
      const stamp = await checkedStamp(handle, file);
      if (known?.stamp === stamp && known.algorithm === algorithm) return { ...known, freshUntil };
      const privateKey = await privateKeyIn(handle, file);
      return { algorithm, privateKey, publicJwk: await provenPublicKey(privateKey, algorithm, file), stamp, freshUntil };
    } finally {
      await handle.close();
    }
  }

  private isThere(file: string): Promise<boolean> {
    return access(join(this.deps.directory, file)).then(
      () => true,
      () => false,
    );
  }

  private openFile(file: string): Promise<FileHandle> {
    // O_NONBLOCK: a pipe in place of the file must not hold us up. O_NOFOLLOW is left out: secrets are mounted as links.
    const flags = constants.O_RDONLY | constants.O_NONBLOCK;
    return open(join(this.deps.directory, file), flags).catch((cause: unknown) => {
      throw unavailable(file, 'cannot be opened', cause);
    });
  }

  private async writeNew(file: string, algorithm: SigningAlgorithm): Promise<void> {
    const { privateKey } = await generateKeyPairFor(algorithm);
    const pem = Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    const unfinished = join(this.deps.directory, `.${randomBytes(8).toString('hex')}.unfinished`);
    try {
      await writeSynced(unfinished, pem);
      // A link is made whole or not at all, and never over a file that is there.
      await link(unfinished, join(this.deps.directory, file));
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw unavailable(file, 'cannot be written', cause);
    } finally {
      pem.fill(0);
      await unlink(unfinished).catch(() => undefined);
    }
  }
}

async function writeSynced(path: string, content: Buffer): Promise<void> {
  const handle = await open(path, 'wx', OWNER_READS);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** SECURITY: asked of the open file, not of its name, so that it cannot be changed for another in between. */
async function checkedStamp(handle: FileHandle, file: string): Promise<string> {
  const found = await handle.stat({ bigint: true });
  if (!found.isFile() || found.size > MOST_BYTES) throw unavailable(file, 'not a key file');
  if (process.getuid !== undefined && (found.mode & 0o077n) !== 0n) {
    throw unavailable(file, `mode is 0${(found.mode & 0o777n).toString(8)}, expected 0400 or 0600`);
  }
  return `${found.ino}:${found.size}:${found.mtimeNs}:${found.ctimeNs}`;
}

async function privateKeyIn(handle: FileHandle, file: string): Promise<KeyObject> {
  const content = await handle.readFile();
  try {
    const isJwk = content.toString('latin1', 0, 64).trimStart().startsWith('{');
    if (!isJwk) return createPrivateKey(content);
    // A string of the key that cannot be filled with zeros: the price of this format, said in its documentation.
    const jwk: unknown = JSON.parse(content.toString('utf8'));
    return createPrivateKey({ key: typeof jwk === 'object' ? { ...jwk } : {}, format: 'jwk' });
  } catch {
    throw unsealed(file, 'neither PEM nor a JWK of a private key');
  } finally {
    content.fill(0);
  }
}

async function provenPublicKey(privateKey: KeyObject, algorithm: SigningAlgorithm, file: string): Promise<PublicMembers> {
  const publicKey = createPublicKey(privateKey);
  const publicJwk = fittingMembers(publicKey, algorithm, file);
  if (await signsForItself(privateKey, publicKey, algorithm)) return publicJwk;
  throw unsealed(file, 'the key failed its self-test');
}

function fittingMembers(publicKey: KeyObject, algorithm: SigningAlgorithm, file: string): PublicMembers {
  try {
    return publicMembers(publicKey, algorithm);
  } catch {
    throw unsealed(file, `the key does not fit ${algorithm}`);
  }
}

/** SECURITY: a reference comes out of the database; it names a file of the folder and no other. */
function partsOf({ reference }: KeyHandle): readonly [file: string, thumbprint: string] {
  const [file = '', thumbprint = '', ...rest] = reference.split('#');
  if (FILE_NAME.test(file) && rest.length === 0) return [file, thumbprint];
  throw unsealed('', 'not a reference to a key file');
}

function codeOf(cause: unknown): unknown {
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function unavailable(file: string, why: string, cause?: unknown): CodedError {
  return new CodedError('SIGNING_UNAVAILABLE', { internal: `key file ${file}: ${why}`, retryAfterSeconds: 5, cause });
}

function unsealed(file: string, why: string): CodedError {
  return new CodedError('KEY_UNSEAL_FAILED', { internal: `key file ${file}: ${why}` });
}
