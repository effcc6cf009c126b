import { CodedError } from '#utilities/errors/coded-error.js';
import type { SigningAlgorithm } from './contract.js';
import type { SigningBackend } from './signing-backend.contract.js';

/** The backends by name, and the one that new keys are made in. */
export class SigningBackends {
  private readonly byName: ReadonlyMap<string, SigningBackend>;

  /** @throws CodedError `PLUGIN_CARDINALITY` when there is none, two have one name, or the one for new keys is missing */
  constructor(
    backends: readonly SigningBackend[],
    private readonly forNewKeys: string,
  ) {
    this.byName = new Map(backends.map((backend) => [backend.name, backend]));
    if (backends.length === 0 || this.byName.size < backends.length || !this.byName.has(forNewKeys)) {
      throw new CodedError('PLUGIN_CARDINALITY', { internal: `signing backends, ${forNewKeys} among them, each name once` });
    }
  }

  named(name: string): SigningBackend | undefined {
    return this.byName.get(name);
  }

  /** @throws CodedError `SIGNING_UNAVAILABLE` */
  forNew(algorithm: SigningAlgorithm): SigningBackend {
    const backend = this.byName.get(this.forNewKeys);
    if (backend?.algorithms.includes(algorithm) === true) return backend;
    throw new CodedError('SIGNING_UNAVAILABLE', { internal: `signing backend ${this.forNewKeys} has no ${algorithm}` });
  }
}
