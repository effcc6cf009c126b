import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';

interface Dependencies {
  /** Seals everything new. */
  readonly current: KeyEncryptionKeyProvider;
  /** Open what they sealed: kept until nothing is sealed under them any more. */
  readonly further: readonly KeyEncryptionKeyProvider[];
}

/**
 * The key-encryption key in use with those it follows, opened once. Of several that ask at the same time one opens; an
 * opening that failed is not remembered.
 */
export class KeptKeyEncryptionKey implements KeyEncryptionKeyProvider {
  readonly name: KeyEncryptionKeyProvider['name'];
  private opening: Promise<KeyEncryptionKey> | undefined;

  constructor(private readonly deps: Dependencies) {
    this.name = deps.current.name;
  }

  open(): Promise<KeyEncryptionKey> {
    this.opening ??= this.openAll().catch((cause: unknown) => {
      this.opening = undefined;
      throw cause;
    });
    return this.opening;
  }

  private async openAll(): Promise<KeyEncryptionKey> {
    const current = await this.deps.current.open();
    if (this.deps.further.length === 0) return current;
    const further = await Promise.all(this.deps.further.map((provider) => provider.open()));
    return withFurther(current, further);
  }
}

function withFurther(current: KeyEncryptionKey, further: readonly KeyEncryptionKey[]): KeyEncryptionKey {
  return {
    id: current.id,
    wrap: (dataKey, boundTo) => current.wrap(dataKey, boundTo),
    unwrap: (wrapped, boundTo) => current.unwrap(wrapped, boundTo),
    withId: (id) => firstKnown([current, ...further], id),
  };
}

function firstKnown(keys: readonly KeyEncryptionKey[], id: string): KeyEncryptionKey | undefined {
  for (const key of keys) {
    const found = key.withId(id);
    if (found !== undefined) return found;
  }
  return undefined;
}
