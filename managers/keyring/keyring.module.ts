import { Module, type Provider } from '@nestjs/common';
import { AuditModule } from '#accessors/audit/audit.module.js';
import { AUDIT_ACCESS, CHANGE_TRAIL, type AuditAccess, type ChangeTrail } from '#accessors/audit/contract.js';
import {
  KEY_ACCESS,
  KEYRING_ACCESS,
  STAND_IN_KEYS,
  type KeyAccess,
  type KeyringAccess,
  type StandInKeys,
} from '#accessors/key/contract.js';
import { REVOCATION_ACCESS, type RevocationAccess } from '#accessors/grants/revocation.contract.js';
import { RevocationModule } from '#accessors/grants/revocation.module.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { KEY_REWRAP, type KeyRewrap } from '#accessors/key/rewrap.contract.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { CLOCK, type Clock } from '#utilities/clock/contract.js';
import { SETTINGS, type Settings } from '#utilities/config/contract.js';
import { UNIT_OF_WORK, type UnitOfWork } from '#utilities/database/contract.js';
import { ID_SOURCE, type IdSource } from '#utilities/id/contract.js';
import { LOGGER, type Logger } from '#utilities/logging/contract.js';
import { KEY_EMERGENCY, KEYRING_MANAGER } from './contract.js';
import { DefaultKeyEmergency } from './default.key.emergency.js';
import { DefaultKeySealing } from './default.key.sealing.js';
import { DefaultKeyringManager } from './default.keyring.manager.js';
import { KEY_SEALING } from './key-sealing.contract.js';
import type { KeyringWorkDeps } from './keyring-work.js';

const WORK: unique symbol = Symbol('KeyringWorkDeps');

const work: Provider = {
  provide: WORK,

  useFactory: (
    keyringAccess: KeyringAccess,
    changeTrail: ChangeTrail,
    unitOfWork: UnitOfWork,
    logger: Logger,
  ): KeyringWorkDeps => ({
    keyringAccess,
    changeTrail,
    unitOfWork,
    logger,
  }),
  inject: [KEYRING_ACCESS, CHANGE_TRAIL, UNIT_OF_WORK, LOGGER],
};

const manager: Provider = {
  provide: KEYRING_MANAGER,

  useFactory: (
    deps: KeyringWorkDeps,
    keyAccess: KeyAccess,
    auditAccess: AuditAccess,
    signingEngine: SigningEngine,
    settings: Settings,
    ids: IdSource,
    clock: Clock,
    standInKeys: StandInKeys,
    revocationAccess: RevocationAccess,
  ) =>
    new DefaultKeyringManager({
      ...deps,
      keyAccess,
      standInKeys,
      revocationAccess,
      auditAccess,
      signingEngine,
      policy: policyOf(settings),
      ids,
      clock,
    }),
  inject: [WORK, KEY_ACCESS, AUDIT_ACCESS, SIGNING_ENGINE, SETTINGS, ID_SOURCE, CLOCK, STAND_IN_KEYS, REVOCATION_ACCESS],
};

const emergency: Provider = {
  provide: KEY_EMERGENCY,
  useFactory: (deps: KeyringWorkDeps, signingEngine: SigningEngine, settings: Settings) =>
    new DefaultKeyEmergency({ ...deps, signingEngine, policy: policyOf(settings) }),
  inject: [WORK, SIGNING_ENGINE, SETTINGS],
};

const sealing: Provider = {
  provide: KEY_SEALING,
  useFactory: (keyRewrap: KeyRewrap, changeTrail: ChangeTrail, unitOfWork: UnitOfWork) =>
    new DefaultKeySealing({ keyRewrap, changeTrail, unitOfWork }),
  inject: [KEY_REWRAP, CHANGE_TRAIL, UNIT_OF_WORK],
};

@Module({
  imports: [KeyModule, AuditModule, SigningModule, RevocationModule],
  providers: [work, manager, emergency, sealing],
  exports: [KEYRING_MANAGER, KEY_EMERGENCY, KEY_SEALING],
})
export class KeyringModule {}

function policyOf({ keys }: Settings) {
  const standby = keys.storage?.vault?.whenItCannotSign === 'signLocally';
  return { algorithms: keys.algorithms, standby, ...keys.rotation };
}
