import { createSecretKey } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { describeVectors } from '../../test/vectors/vector-files.js';
import { decrypt } from './authenticated-encryption.js';

interface AeadGroup {
  readonly ivSize: number;
  readonly keySize: number;
  readonly tagSize: number;
  readonly tests: readonly AeadVector[];
}

interface AeadVector {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: 'valid' | 'invalid';
}

describeVectors('Wycheproof AES-GCM', 'wycheproof/aes_gcm_test.json', (text, count) => {
  const { testGroups } = JSON.parse(text) as { testGroups: readonly AeadGroup[] };
  const hex = (value: string): Buffer => Buffer.from(value, 'hex');

  it('opens what is valid in the one form that is written here, and nothing else', () => {
    for (const group of testGroups) {
      const isOurs = group.ivSize === 96 && group.keySize === 256 && group.tagSize === 128;
      for (const vector of group.tests) {
        const open = (): string => {
          const sealed = Buffer.concat([hex(vector.iv), hex(vector.ct), hex(vector.tag)]);
          return decrypt(createSecretKey(hex(vector.key)), sealed, hex(vector.aad)).toString('hex');
        };
        count('decrypt');
        if (isOurs && vector.result === 'valid')
          expect({ tcId: vector.tcId, opened: open() }).toEqual({ tcId: vector.tcId, opened: vector.msg });
        else expect(open).toThrow();
      }
    }
  });
});
