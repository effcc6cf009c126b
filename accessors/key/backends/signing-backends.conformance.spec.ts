import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { signingBackendConformance } from '../../../test/conformance/signing-backend.conformance.js';
import { createKeyEncryptionKeyFile, FileKeyEncryptionKey } from '../file.key-encryption-key.js';
import { VaultScene } from '../fixtures/vault-scene.js';
import { FileSigningBackend } from './file.signing-backend.js';
import { LocalSigningBackend } from './local.signing-backend.js';

const home = mkdtempSync(join(tmpdir(), 'signing-backends-'));
const keyFile = join(home, 'kek');
const directory = join(home, 'keys');
createKeyEncryptionKeyFile(keyFile);
mkdirSync(directory);
afterAll(() => rmSync(home, { recursive: true }));

describe('local signing backend', () => {
  const start = async (): Promise<LocalSigningBackend> =>
    new LocalSigningBackend({ keyEncryptionKey: new FileKeyEncryptionKey(keyFile) });
  it.each(signingBackendConformance(start, ['adoption', 'lasting-end']))('$name', async ({ check }) => check());
});

describe('file signing backend', () => {
  const clock = new ManualClock();
  const start = async (): Promise<FileSigningBackend> => new FileSigningBackend({ directory, clock });
  it.each(signingBackendConformance(start))('$name', async ({ check }) => check());
});

describe('Azure Key Vault signing backend', () => {
  const scene = new VaultScene();
  beforeAll(() => scene.start());
  afterAll(() => scene.stop());
  // The vault makes 20 keys in 10 seconds.
  beforeEach(async () => scene.standIn.turn({ limits: null }));
  it.each(signingBackendConformance(async () => scene.process().backend))('$name', async ({ check }) => check());
});
