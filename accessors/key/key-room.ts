import type { ChangeFeed } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Settings } from '#utilities/config/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { Logger } from '#utilities/logging/contract.js';
import type { Counters } from '#utilities/telemetry/contract.js';
import { DefaultKeyAccess } from './default.key.access.js';
import { DefaultKeyringAccess } from './default.keyring.access.js';
import { EpochFloorFile } from './epoch-floor.file.js';
import { InstallationSecrets } from './installation-secrets.js';
import type { KeyEncryptionKeyProvider } from './key-encryption-key.contract.js';
import { KeyMaker } from './key-maker.js';
import { KeyStore } from './key.store.js';
import { KeyringStore } from './keyring.store.js';
import type { SigningBackend } from './signing-backend.contract.js';
import { SigningBackends } from './signing-backends.js';
import { SigningFallback } from './signing-fallback.js';

interface Foundations {
  readonly database: Database;
  readonly settings: Pick<Settings['keys'], 'algorithms' | 'floorFile' | 'rotation'>;
  readonly changeFeed: ChangeFeed;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly keyEncryptionKey: KeyEncryptionKeyProvider;
  readonly backends: readonly SigningBackend[];
  /** Name of the backend that makes new keys. */
  readonly newKeysIn: string;
  /** Keys that stand by sign what a backend cannot. Left out: they do not. */
  readonly standIns?: { readonly counters: Counters };
}

export interface KeyRoom {
  readonly keyAccess: DefaultKeyAccess;
  readonly keyringAccess: DefaultKeyringAccess;
}

/** Both contracts of this folder on the same parts. */
export function keyRoom(foundations: Foundations): KeyRoom {
  const { database, settings, logger, keyEncryptionKey } = foundations;
  const { prePublishSeconds, retireAfterSeconds } = settings.rotation;
  const store = new KeyStore({ database });
  const backends = new SigningBackends(foundations.backends, foundations.newKeysIn);
  const secrets = new InstallationSecrets({ store, keyEncryptionKey });
  const maker = new KeyMaker({ backends, secrets });
  const floor = new EpochFloorFile({ path: settings.floorFile, logger });
  const parts = { ...foundations, store, backends, secrets, maker, floor };
  const { standIns, clock } = foundations;
  const fallback = standIns === undefined ? {} : { fallback: new SigningFallback({ clock, logger, ...standIns }) };
  const keyAccess = new DefaultKeyAccess({ ...parts, ...fallback, algorithms: settings.algorithms, prePublishSeconds });
  const keyringStore = new KeyringStore({ database, prePublishSeconds, retireAfterSeconds });
  return { keyAccess, keyringAccess: new DefaultKeyringAccess({ ...parts, keyringStore, keyAccess }) };
}
