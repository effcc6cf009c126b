import { CodedError, isCodedError } from '#utilities/errors/coded-error.js';
import { LocalSigningBackend } from './backends/local.signing-backend.js';
import type { SigningAlgorithm } from './contract.js';
import { importedPrivateKey } from './imported-private-key.js';
import type { InstallationSecrets } from './installation-secrets.js';
import { thumbprintOf } from './key-pair.js';
import type { NewKey } from './key.store.js';
import { publicProof } from './public-proof.js';
import type { CreatedKey, SigningBackend } from './signing-backend.contract.js';
import type { SigningBackends } from './signing-backends.js';

/** Keeps keys in the database. */
const IN_THE_DATABASE = 'local';

interface Dependencies {
  readonly backends: SigningBackends;
  readonly secrets: InstallationSecrets;
}

/** Makes and finds keys, and proves them. What it answers is in no keyring yet. */
export class KeyMaker {
  constructor(private readonly deps: Dependencies) {}

  /** @throws CodedError `SIGNING_UNAVAILABLE`, or a code of the backend */
  async make(algorithm: SigningAlgorithm, attempt: string): Promise<NewKey> {
    const backend = this.deps.backends.forNew(algorithm);
    return this.proven(backend, algorithm, await backend.create(algorithm, attempt));
  }

  /** A key that stands by: in the database, where it signs whatever else is away. @throws CodedError `SIGNING_UNAVAILABLE` */
  async makeStandby(algorithm: SigningAlgorithm): Promise<NewKey> {
    const backend = this.deps.backends.named(IN_THE_DATABASE);
    if (backend === undefined) throw new CodedError('SIGNING_UNAVAILABLE', { internal: 'no backend for a key that stands by' });
    return { ...(await this.proven(backend, algorithm, await backend.create(algorithm, 'standby'))), standby: true };
  }

  /** @throws CodedError `KEY_IMPORT_REFUSED` */
  async find(algorithm: SigningAlgorithm, backendName: string, reference: string): Promise<NewKey> {
    const backend = this.deps.backends.named(backendName);
    if (backend?.algorithms.includes(algorithm) !== true) {
      throw new CodedError('KEY_IMPORT_REFUSED', { actual: `there is no signing backend ${backendName} for ${algorithm}` });
    }
    const handle = { reference, sealed: null };
    const publicJwk = await backend.publicKey(handle, algorithm).catch((cause: unknown) => {
      if (isCodedError(cause) && cause.code !== 'KEY_UNSEAL_FAILED') throw cause;
      throw new CodedError('KEY_IMPORT_REFUSED', { actual: `backend ${backendName} has no such ${algorithm} key`, cause });
    });
    return this.proven(backend, algorithm, { handle, publicJwk });
  }

  /** Takes a private key that was made elsewhere into the database. @throws CodedError `KEY_IMPORT_REFUSED` */
  async keep(algorithm: SigningAlgorithm, content: Buffer): Promise<NewKey> {
    const backend = this.deps.backends.named(IN_THE_DATABASE);
    if (!(backend instanceof LocalSigningBackend)) {
      throw new CodedError('KEY_IMPORT_REFUSED', { actual: 'there is no signing backend that keeps keys in the database' });
    }
    const privateKey = await importedPrivateKey(content, algorithm);
    return this.proven(backend, algorithm, await backend.keep(privateKey, algorithm));
  }

  private async proven(backend: SigningBackend, algorithm: SigningAlgorithm, created: CreatedKey): Promise<NewKey> {
    const { handle, publicJwk } = created;
    const kid = await thumbprintOf(publicJwk);
    const key = { kid, algorithm, backend: backend.name, reference: handle.reference, publicJwk };
    return { ...key, publicProof: publicProof(await this.deps.secrets.proofSecret(), key), sealed: handle.sealed };
  }
}
