import { Module } from '@nestjs/common';
import { KEY_ACCESS, type KeyAccess, STAND_IN_KEYS, type StandInKeys } from '#accessors/key/contract.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { AUDIT_SEAL_ENGINE } from './audit-seal.contract.js';
import { SIGNING_ENGINE } from './contract.js';
import { DefaultAuditSealEngine } from './default.audit-seal.engine.js';
import { DefaultSigningEngine } from './default.signing.engine.js';
import { DPOP_NONCES } from './dpop-nonces.contract.js';
import { KeyedDpopNonces } from './dpop-nonces.js';

@Module({
  imports: [KeyModule],
  providers: [
    {
      provide: SIGNING_ENGINE,
      useFactory: (keyAccess: KeyAccess, standInKeys: StandInKeys, clock: Clock, ids: IdSource, settings: Settings) =>
        new DefaultSigningEngine({
          keyAccess,
          standInKeys,
          clock,
          ids,
          issuer: settings.issuer,
          defaultLifetimeSeconds: settings.tokens.lifetimeSeconds,
          maxLifetimeSeconds: settings.keys.rotation.maxTokenSeconds,
        }),
      inject: [KEY_ACCESS, STAND_IN_KEYS, CLOCK, ID_SOURCE, SETTINGS],
    },
    {
      provide: DPOP_NONCES,
      useFactory: (keyAccess: KeyAccess, clock: Clock) => new KeyedDpopNonces({ keyAccess, clock }),
      inject: [KEY_ACCESS, CLOCK],
    },
    {
      provide: AUDIT_SEAL_ENGINE,
      useFactory: (keyAccess: KeyAccess, clock: Clock, settings: Settings) =>
        new DefaultAuditSealEngine({ keyAccess, clock, issuer: settings.issuer }),
      inject: [KEY_ACCESS, CLOCK, SETTINGS],
    },
  ],
  exports: [AUDIT_SEAL_ENGINE, SIGNING_ENGINE, DPOP_NONCES],
})
export class SigningModule {}
