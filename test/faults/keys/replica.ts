import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { KEY_ACCESS, type KeyAccess, KEYRING_ACCESS, type KeyringAccess } from '#accessors/key/contract.js';
import { KeyModule } from '#accessors/key/key.module.js';
import { MIGRATIONS } from '#clients/migrations.js';
import { PluginsModule } from '#clients/plugins.module.js';
import { SIGNING_ENGINE, type SigningEngine } from '#engines/signing/contract.js';
import { SigningModule } from '#engines/signing/signing.module.js';
import { KEY_EMERGENCY, type KeyEmergency, KEYRING_MANAGER, type KeyringManager } from '#managers/keyring/contract.js';
import { KeyringModule } from '#managers/keyring/keyring.module.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { MemoryEpochCaches } from '#utilities/change-feed/memory.epoch-caches.js';
import { PostgresChangeFeed } from '#utilities/change-feed/postgres.change-feed.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Settings } from '#utilities/config/contract.js';
import { parseSettings } from '#utilities/config/settings.loader.js';
import { type OpenDatabase, openDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { SilentLogger } from '../../support/silent.logger.js';
import { SteppedChangeFeed } from './stepped.change-feed.js';

export const CONTEXT: CallContext = { diagnosticId: '00000000-0000-4000-8000-00000000000d', transport: 'timer' };

export interface ReplicaOptions {
  readonly url: string;
  readonly keyEncryptionKeyFile: string;
  readonly clock: Clock;
  /** Members of `keys` in the settings file beside those that follow from the rest. */
  readonly keys?: Readonly<Record<string, unknown>>;
  readonly migrate?: boolean;
  /** Stands between the service and its database. */
  readonly around?: (database: OpenDatabase) => OpenDatabase;
}

/** What one process has of the keyring, wired by the modules that wire the service. */
export interface Replica {
  readonly keyAccess: KeyAccess;
  readonly keyringAccess: KeyringAccess;
  readonly engine: SigningEngine;
  readonly manager: KeyringManager;
  readonly emergency: KeyEmergency;
  readonly database: OpenDatabase;
  readonly logger: SilentLogger;
  /** Confirms that all is current, and takes in what is new: the poll of every 30 s. */
  poll(): Promise<void>;
  close(): Promise<void>;
}

/** Not prepared yet: call `manager.prepare`. */
export async function openReplica(options: ReplicaOptions): Promise<Replica> {
  const { clock } = options;
  const logger = new SilentLogger();
  const settings = settingsOf(options);
  const opened = await openDatabase({
    settings: settings.database,
    migrations: MIGRATIONS,
    logger,
    migrate: options.migrate ?? false,
    unsafeRole: 'step-down',
  });
  const database = options.around?.(opened) ?? opened;
  const inner = new PostgresChangeFeed({ database, clock, logger });
  const changeFeed = new SteppedChangeFeed({ inner, database, clock });
  await changeFeed.start();
  const foundations = {
    settings,
    clock,
    ids: new CryptoIdSource({ clock }),
    logger,
    counters: new MemoryCounters(),
    database,
    unitOfWork: database,
    waiters: opened,
    changeFeed,
    epochCaches: new MemoryEpochCaches({ changeFeed, units: database }),
    factSources: [],
    grants: { replayWhenStoreIsAway: 'refuse', dpopNonces: 'off' },
  };
  const root = { module: KeyringModule, imports: [PluginsModule.register(foundations), KeyModule, SigningModule] };
  const app = await NestFactory.createApplicationContext(root, { logger: false, abortOnError: false });
  const anywhere = { strict: false };
  const keyringAccess = app.get<KeyringAccess>(KEYRING_ACCESS, anywhere);
  return {
    keyAccess: app.get<KeyAccess>(KEY_ACCESS, anywhere),
    keyringAccess,
    engine: app.get<SigningEngine>(SIGNING_ENGINE, anywhere),
    manager: app.get<KeyringManager>(KEYRING_MANAGER, anywhere),
    emergency: app.get<KeyEmergency>(KEY_EMERGENCY, anywhere),
    database,
    logger,
    poll: async () => {
      await changeFeed.confirm();
      await keyringAccess.settle(CONTEXT);
    },
    close: async () => {
      await app.close();
      await changeFeed.stop();
      await opened.close();
    },
  };
}

function settingsOf({ url, keyEncryptionKeyFile, keys }: ReplicaOptions): Settings {
  const document = {
    issuer: 'https://auth.example.com',
    keys: { keyEncryptionKeyFile, ...keys },
    database: { poolSize: 4 },
  };
  return parseSettings(JSON.stringify(document), '/replica.json', { DATABASE_URL: url }, 'serve');
}
