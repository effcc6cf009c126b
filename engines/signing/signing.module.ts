import { Module } from '@nestjs/common';
import { KEY_ACCESS, type KeyAccess } from '#accessors/key/contract.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { SIGNING_ENGINE } from './contract.js';
import { DefaultSigningEngine } from './default.signing.engine.js';

@Module({
  imports: [KeyModule],
  providers: [
    {
      provide: SIGNING_ENGINE,
      useFactory: (keyAccess: KeyAccess, clock: Clock, ids: IdSource, settings: Settings) =>
        new DefaultSigningEngine({
          keyAccess,
          clock,
          ids,
          issuer: settings.issuer,
          defaultLifetimeSeconds: settings.tokens.lifetimeSeconds,
          maxLifetimeSeconds: settings.keys.rotation.maxTokenSeconds,
        }),
      inject: [KEY_ACCESS, CLOCK, ID_SOURCE, SETTINGS],
    },
  ],
  exports: [SIGNING_ENGINE],
})
export class SigningModule {}
