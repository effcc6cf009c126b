import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { EnvKeyEncryptionKey } from './env.key-encryption-key.js';

const variable = 'COUNTERSIGN_KEY_ENCRYPTION_KEY';
const open = (value: string | undefined, logger = new SilentLogger()) =>
  new EnvKeyEncryptionKey({ variable, value, logger }).open();

describe('a key-encryption key in the environment', () => {
  it('wraps and unwraps, under an id that says nothing of it, and is warned about', async () => {
    const value = randomBytes(32).toString('base64url');
    const logger = new SilentLogger();
    const key = await open(value, logger);
    const wrapped = await key.wrap(Buffer.from('data key'), Buffer.from('row'));
    expect((await key.unwrap(wrapped, Buffer.from('row'))).toString()).toBe('data key');
    await expect(key.unwrap(wrapped, Buffer.from('other'))).rejects.toThrow();
    expect((await open(value)).id).toBe(key.id);
    expect(value).not.toContain(key.id);
    expect(inspect(logger)).toContain('keys.key-encryption-key-from-environment');
    expect(inspect(logger, { depth: null })).not.toContain(value);
  });

  it.each([undefined, ''])('is missing when the variable is %p', async (value) => {
    await expect(open(value)).rejects.toMatchObject({ code: 'KEY_ENCRYPTION_KEY_MISSING' });
  });

  it.each(['short', 'x'.repeat(44), `${'A'.repeat(42)}!`, `${'A'.repeat(42)}B`])(
    'refuses %s, and does not repeat it',
    async (value) => {
      const error: unknown = await open(value).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'KEY_ENCRYPTION_KEY_INSECURE' });
      expect(inspect(error, { depth: null })).not.toContain(value);
    },
  );
});
