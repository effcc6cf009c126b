import { Module } from '@nestjs/common';
import { CHANGE_FEED, type ChangeFeed } from '#utilities/change-feed/contract.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { COUNTERS, type Counters } from '#utilities/telemetry/contract.js';
import { KEY_ACCESS, KEYRING_ACCESS, STAND_IN_KEYS } from './contract.js';
import { DefaultKeyRewrap } from './default.key.rewrap.js';
import { type KeyRoom, keyRoom } from './key-room.js';
import { type KeyStorage, keyStorage } from './key-storage.js';
import { KEY_REWRAP } from './rewrap.contract.js';
import { SealedRowStore } from './sealed-row.store.js';

const KEY_STORAGE: unique symbol = Symbol('KeyStorage');
const KEY_ROOM: unique symbol = Symbol('KeyRoom');

@Module({
  providers: [
    {
      provide: KEY_STORAGE,
      useFactory: (settings: Settings, clock: Clock, logger: Logger) => keyStorage(settings.keys, { clock, logger }),
      inject: [SETTINGS, CLOCK, LOGGER],
    },
    {
      provide: KEY_ROOM,

      useFactory: (
        storage: KeyStorage,
        database: Database,
        settings: Settings,
        changeFeed: ChangeFeed,
        clock: Clock,
        logger: Logger,
        counters: Counters,
      ): KeyRoom => {
        const standIns = storage.fallsBack ? { standIns: { counters } } : {};
        return keyRoom({ ...storage, ...standIns, database, settings: settings.keys, changeFeed, clock, logger });
      },
      inject: [KEY_STORAGE, DATABASE, SETTINGS, CHANGE_FEED, CLOCK, LOGGER, COUNTERS],
    },
    {
      provide: KEY_REWRAP,
      useFactory: ({ keyEncryptionKey }: KeyStorage, database: Database) =>
        new DefaultKeyRewrap({ store: new SealedRowStore({ database }), keyEncryptionKey }),
      inject: [KEY_STORAGE, DATABASE],
    },
    { provide: KEY_ACCESS, useFactory: (room: KeyRoom) => room.keyAccess, inject: [KEY_ROOM] },
    { provide: STAND_IN_KEYS, useFactory: (room: KeyRoom) => room.keyAccess, inject: [KEY_ROOM] },
    { provide: KEYRING_ACCESS, useFactory: (room: KeyRoom) => room.keyringAccess, inject: [KEY_ROOM] },
  ],
  exports: [KEY_ACCESS, KEYRING_ACCESS, STAND_IN_KEYS, KEY_REWRAP],
})
export class KeyModule {}
