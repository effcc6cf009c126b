import type { Logger } from '#utilities/logging/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { HeldKey, keyFromText } from './held-key.js';
import type { KeyEncryptionKey, KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';

/**
 * 32 bytes in base64url out of an environment variable, for development: other processes of the user, crash reports and child
 * processes can read it, and it is a string that cannot be filled with zeros. Warned about at every start; `serve` refuses it.
 */
export class EnvKeyEncryptionKey implements KeyEncryptionKeyProvider {
  readonly name = 'env';

  constructor(
    private readonly deps: { readonly variable: string; readonly value: string | undefined; readonly logger: Logger },
  ) {}

  async open(): Promise<KeyEncryptionKey> {
    const { variable, value, logger } = this.deps;
    if (value === undefined || value === '') {
      throw new CodedError('KEY_ENCRYPTION_KEY_MISSING', { internal: `${variable} is not set` });
    }
    const text = Buffer.from(value, 'utf8');
    const bytes = keyFromText(text);
    try {
      logger.warn('keys.key-encryption-key-from-environment', { variable });
      return new HeldKey(bytes);
    } finally {
      bytes.fill(0);
      text.fill(0);
    }
  }
}
