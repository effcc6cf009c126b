import type { CallContext } from '#utilities/call-context/contract.js';
import { PLATFORM_TENANT, type EpochCache, type EpochCaches } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Database, UnitOfWork } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import { hasSecretForm, matchesSecret } from './client-secret.check.js';
import type {
  Application,
  ApplicationRegistration,
  ClientRegistration,
  RecordOutcome,
  RegisteredClient,
  RegistrationAccess,
} from './contract.js';
import { ApplicationStore } from './stores/application.store.js';
import { ClientStore, type StoredClient } from './stores/client.store.js';

export interface DefaultRegistrationAccessDeps {
  readonly database: Database;
  readonly unitOfWork: UnitOfWork;
  readonly caches: EpochCaches;
  readonly clock: Clock;
  readonly ids: IdSource;
}

const KEPT = { values: 10_000, absent: 10_000 };

/** What a client id or an audience may look like at all; the rest is not worth a question to the database. */
const LOOKED_UP = /^[^\p{Control}\p{Surrogate}]{1,512}$/u;

export class DefaultRegistrationAccess implements RegistrationAccess {
  private readonly clients: ClientStore;
  private readonly applicationStore: ApplicationStore;
  private readonly keptClients: EpochCache<StoredClient>;
  private readonly keptApplications: EpochCache<Application>;
  private readonly keptCatalogue: EpochCache<readonly Application[]>;

  constructor(private readonly deps: DefaultRegistrationAccessDeps) {
    this.clients = new ClientStore(deps);
    this.applicationStore = new ApplicationStore(deps);
    this.keptClients = deps.caches.create(KEPT);
    this.keptApplications = deps.caches.create(KEPT);
    this.keptCatalogue = deps.caches.create({ values: 1, absent: 1 });
  }

  async authenticateClient(_context: CallContext, clientId: string, secret: string): Promise<RegisteredClient | undefined> {
    if (!hasSecretForm(secret)) return undefined;
    const stored = this.keptClients.peek(PLATFORM_TENANT, clientId) ?? (await this.readClient(clientId));
    const matches = matchesSecret(secret, stored?.digests ?? [], this.deps.clock.now());
    return matches ? stored?.client : undefined;
  }

  async clientNamed(_context: CallContext, clientId: string): Promise<RegisteredClient | undefined> {
    const stored = this.keptClients.peek(PLATFORM_TENANT, clientId) ?? (await this.readClient(clientId));
    return stored?.isActive === true ? stored.client : undefined;
  }

  publicClientOf(): Promise<RegisteredClient | undefined> {
    return Promise.resolve(undefined);
  }

  publicOrigins(): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set());
  }

  async applicationFor(_context: CallContext, audience: string): Promise<Application | undefined> {
    if (!LOOKED_UP.test(audience)) return undefined;
    return (
      this.keptApplications.peek(PLATFORM_TENANT, audience) ??
      (await this.keptApplications.get(PLATFORM_TENANT, audience, () => this.applicationStore.read(audience)))
    );
  }

  async applications(_context: CallContext): Promise<readonly Application[]> {
    const all = await this.keptCatalogue.get(PLATFORM_TENANT, '', (outdated) => this.applicationStore.readAll(outdated));
    return all ?? [];
  }

  registerClient(_context: CallContext, client: ClientRegistration): Promise<RecordOutcome> {
    return this.serialised(() => this.clients.register(client));
  }

  registerApplication(_context: CallContext, application: ApplicationRegistration): Promise<RecordOutcome> {
    return this.serialised(() => this.applicationStore.register(application));
  }

  private readClient(clientId: string): Promise<StoredClient | undefined> {
    if (!LOOKED_UP.test(clientId)) return Promise.resolve(undefined);
    return this.keptClients.get(PLATFORM_TENANT, clientId, (outdated) => this.clients.read(clientId, outdated));
  }

  /** Registrations wait for one another, so that none compares with a state that another is changing. Readers do not wait. */
  private serialised<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.deps.database.forTenants([PLATFORM_TENANT], async () => {
      await this.deps.database.query('select 1 from tenant where id = $1 for no key update', [PLATFORM_TENANT]);
      return work();
    });
  }
}
