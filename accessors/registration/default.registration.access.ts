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
  IssuerScopedId,
  RecordOutcome,
  RegisteredClient,
  RegistrationAccess,
} from './contract.js';
import { ApplicationStore } from './stores/application.store.js';
import type { StoredClient } from './stores/client.content.js';
import { type ClientIndex, ClientIndexStore, presenterKey } from './stores/client-index.store.js';
import { ClientStore } from './stores/client.store.js';

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
  private readonly indexStore: ClientIndexStore;
  private readonly keptClients: EpochCache<StoredClient>;
  private readonly keptIndex: EpochCache<ClientIndex>;
  private readonly keptApplications: EpochCache<Application>;
  private readonly keptCatalogue: EpochCache<readonly Application[]>;

  constructor(private readonly deps: DefaultRegistrationAccessDeps) {
    this.clients = new ClientStore(deps);
    this.applicationStore = new ApplicationStore(deps);
    this.indexStore = new ClientIndexStore(deps);
    this.keptClients = deps.caches.create(KEPT);
    this.keptIndex = deps.caches.create({ values: 1, absent: 1 });
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

  async publicClientOf(context: CallContext, presenter: IssuerScopedId): Promise<RegisteredClient | undefined> {
    const clientId = (await this.index()).publicClients.get(presenterKey(presenter));
    if (clientId === undefined || clientId === null) return undefined;
    const client = await this.clientNamed(context, clientId);
    // It may have been read later than the index.
    return client?.kind === 'public' && holds(client, presenter) ? client : undefined;
  }

  async publicOrigins(): Promise<ReadonlySet<string>> {
    return (await this.index()).origins;
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

  /** SECURITY: ids that are not there are told from the index, so that no stream of made-up ids reaches the database. */
  private async readClient(clientId: string): Promise<StoredClient | undefined> {
    if (!LOOKED_UP.test(clientId) || !(await this.index()).ids.has(clientId)) return undefined;
    return this.keptClients.get(PLATFORM_TENANT, clientId, (outdated) => this.clients.read(clientId, outdated));
  }

  private async index(): Promise<ClientIndex> {
    const kept = this.keptIndex.peek(PLATFORM_TENANT, '');
    if (kept !== undefined) return kept;
    const read = await this.keptIndex.get(PLATFORM_TENANT, '', (outdated) => this.indexStore.read(outdated));
    if (read === undefined) throw new Error('there is always an index');
    return read;
  }

  /** Registrations wait for one another, so that none compares with a state that another is changing. Readers do not wait. */
  private serialised<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.deps.database.forTenants([PLATFORM_TENANT], async () => {
      await this.deps.database.query('select 1 from tenant where id = $1 for no key update', [PLATFORM_TENANT]);
      return work();
    });
  }
}

function holds({ ownPresenters }: RegisteredClient, { issuer, id }: IssuerScopedId): boolean {
  return ownPresenters.some((own) => own.issuer === issuer && own.id === id);
}
