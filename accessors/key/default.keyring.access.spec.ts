import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CONTEXT } from '../../test/support/accessor-parts.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { DefaultKeyringAccess } from './default.keyring.access.js';
import { EpochFloorFile } from './epoch-floor.file.js';

type Dependencies = ConstructorParameters<typeof DefaultKeyringAccess>[0];

describe('A keyring that changes while it is read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-floor-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** The ring of epoch 8 is read; before the answer arrives a change to epoch 9 is committed, and this host learns of it. */
  function overtaken(name: string): DefaultKeyringAccess {
    const floor = new EpochFloorFile({ path: join(folder, name), logger: new SilentLogger() });
    floor.raise('i', 8);
    const store = {
      keyring: () => {
        floor.raise('i', 9);
        return Promise.resolve({ installation: 'i', epoch: 8, now: 0, keys: [] });
      },
    };
    const keyringStore = { countUp: () => Promise.reject(new Error('counted')) };
    return new DefaultKeyringAccess({ store, keyringStore, floor } as unknown as Dependencies);
  }

  it('does not look like one that was restored', async () => {
    const { epoch, floor } = await overtaken('read').keyring(CONTEXT);
    expect([epoch, floor]).toEqual([8, 8]);
  });

  it('is left to the epoch to tell: whoever changes it is told that it was changed', async () => {
    await expect(overtaken('change').change(CONTEXT, { expectedEpoch: 8, fence: null })).rejects.toThrow('counted');
  });
});
