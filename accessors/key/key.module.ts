import { Module } from '@nestjs/common';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { DATABASE, type Database } from '#utilities/database/contract.js';
import { KEY_ACCESS } from './contract.js';
import { DefaultKeyAccess } from './default.key.access.js';
import { FileKeyEncryptionKey } from './file.key-encryption-key.js';
import { KeyStore } from './key.store.js';

@Module({
  providers: [
    {
      provide: KEY_ACCESS,
      useFactory: (database: Database, settings: Settings) =>
        new DefaultKeyAccess({
          store: new KeyStore({ database }),
          keyEncryptionKey: new FileKeyEncryptionKey(settings.keys.keyEncryptionKeyFile),
        }),
      inject: [DATABASE, SETTINGS],
    },
  ],
  exports: [KEY_ACCESS],
})
export class KeyModule {}
