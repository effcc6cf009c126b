import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hasSecretForm, matchesSecret, type SecretDigest } from './client-secret.check.js';

const newSecret = (): string => `cs_${randomBytes(32).toString('base64url')}`;
const digest = (secret: string, expiresAt: number | null = null): SecretDigest => ({
  sha256: createHash('sha256').update(secret).digest(),
  expiresAt,
});

describe('Client secret', () => {
  it('has one form, and nothing else is a secret', () => {
    const secret = newSecret();
    expect(hasSecretForm(secret)).toBe(true);
    for (const wrong of [
      '',
      'cs_',
      secret.slice(1),
      `${secret}a`,
      secret.slice(0, -1),
      `${secret}\n`,
      `${secret.slice(0, -1)}=`,
      secret.toUpperCase(),
    ]) {
      expect(hasSecretForm(wrong)).toBe(false);
    }
  });

  it('matches any of the digests that are stored, and no other', () => {
    const [first, second, third] = [newSecret(), newSecret(), newSecret()];
    const digests = [digest(first), digest(second), digest(third)];
    expect([first, second, third].map((secret) => matchesSecret(secret, digests, 0))).toEqual([true, true, true]);
    expect(matchesSecret(newSecret(), digests, 0)).toBe(false);
    expect(matchesSecret(first, [], 0)).toBe(false);
  });

  it('ends at the very moment that it expires', () => {
    const secret = newSecret();
    expect(matchesSecret(secret, [digest(secret, 1_000)], 999)).toBe(true);
    expect(matchesSecret(secret, [digest(secret, 1_000)], 1_000)).toBe(false);
  });
});
