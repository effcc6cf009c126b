import type { CallContext } from '#utilities/call-context/contract.js';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Clock } from '#utilities/clock/contract.js';
import type { Database } from '#utilities/database/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { ClientRecord, ClientRegistry, ClientSecret } from './client-registry.contract.js';
import type { RecordOutcome } from './contract.js';
import { clientOf, parseContent } from './stores/client.content.js';
import { ClientSecretStore } from './stores/client-secret.store.js';
import { CLIENT_CONTENT } from './stores/client.store.js';

const CLIENTS = `
  select c.client_id, ${CLIENT_CONTENT} as content from oauth_client c
  where c.tenant_id = $1 and ($2::text is null or c.client_id = $2) order by c.client_id`;

/** One replaces the other. */
const MOST_SECRETS = 2;
const NONE: readonly ClientSecret[] = [];

/** Reads past every cache: whoever administers sees what is so. */
export class DefaultClientRegistry implements ClientRegistry {
  private readonly store: ClientSecretStore;

  constructor(private readonly deps: { readonly database: Database; readonly clock: Clock }) {
    this.store = new ClientSecretStore(deps);
  }

  clients(): Promise<readonly ClientRecord[]> {
    return this.read(null);
  }

  async client(_context: CallContext, clientId: string): Promise<ClientRecord> {
    const [record] = await this.read(clientId);
    if (record === undefined) throw new CodedError('CLIENT_UNKNOWN', { field: 'client_id' });
    return record;
  }

  holdClient(_context: CallContext, clientId: string): Promise<ClientRecord | undefined> {
    return this.serialised(async () => (await this.read(clientId))[0]);
  }

  switchClient(context: CallContext, clientId: string, status: 'active' | 'disabled'): Promise<RecordOutcome> {
    return this.serialised(async () => {
      const record = await this.client(context, clientId);
      if (record.status === status) return 'unchanged';
      await this.deps.database.query('update oauth_client set status = $3 where tenant_id = $1 and client_id = $2', [
        PLATFORM_TENANT,
        clientId,
        status,
      ]);
      return 'updated';
    });
  }

  addSecret(
    context: CallContext,
    clientId: string,
    { sha256, endsAt }: { readonly sha256: string; readonly endsAt: number },
  ): Promise<ClientSecret> {
    return this.serialised(async () => {
      await this.store.forgetEnded(clientId, this.deps.clock.now());
      const before = (await this.client(context, clientId)).secrets;
      if (before.length >= MOST_SECRETS)
        throw new CodedError('CLIENT_INVALID', {
          actual: 'it has two secrets: remove one first, so that one can follow the other',
        });
      await this.store.add(clientId, sha256, endsAt);
      const known = new Set(before.map(({ id }) => id));
      const added = (await this.client(context, clientId)).secrets.find(({ id }) => !known.has(id));
      if (added === undefined) throw new CodedError('INTERNAL', { internal: 'a secret was added and is not there' });
      return added;
    });
  }

  removeSecret(_context: CallContext, clientId: string, secretId: string): Promise<void> {
    return this.serialised(async () => {
      if (!(await this.store.remove(clientId, secretId))) throw new CodedError('CLIENT_UNKNOWN', { field: 'secret' });
    });
  }

  private async read(clientId: string | null): Promise<readonly ClientRecord[]> {
    const rows = await this.deps.database.query<{ readonly client_id: string; readonly content: string }>(CLIENTS, [
      PLATFORM_TENANT,
      clientId,
    ]);
    const secrets = await this.store.secrets(clientId);
    return rows.map(({ client_id: id, content: text }) => {
      const content = parseContent(text);
      return { client: clientOf(id, content), status: content.status, secrets: secrets.get(id) ?? NONE };
    });
  }

  /** Changes wait for one another, as registrations do. */
  private serialised<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.deps.database.forTenants([PLATFORM_TENANT], async () => {
      await this.deps.database.query('select 1 from tenant where id = $1 for no key update', [PLATFORM_TENANT]);
      return work();
    });
  }
}
