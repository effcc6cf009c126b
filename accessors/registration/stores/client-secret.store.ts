import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { ClientSecret } from '../client-registry.contract.js';

/** A digest of the digest: it names a secret, and nothing can be compared with it. */
const ID = `left(encode(sha256(sha256), 'hex'), 12)`;
const MILLISECONDS = (column: string): string => `floor(extract(epoch from ${column}) * 1000)`;

interface SecretRow {
  readonly client_id: string;
  readonly id: string;
  readonly created_at: string;
  readonly ends_at: string | null;
}

const SECRETS = `
  select client_id, ${ID} as id, ${MILLISECONDS('created_at')} as created_at, ${MILLISECONDS('expires_at')} as ends_at
  from client_secret where tenant_id = $1 and ($2::text is null or client_id = $2) order by client_id, created_at, sha256`;

/** Each operation runs in the caller's unit of work. */
export class ClientSecretStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** By client; `null`: of all. */
  async secrets(clientId: string | null): Promise<ReadonlyMap<string, readonly ClientSecret[]>> {
    const rows = await this.deps.database.query<SecretRow>(SECRETS, [PLATFORM_TENANT, clientId]);
    const byClient = new Map<string, ClientSecret[]>();
    for (const row of rows) {
      const secrets = byClient.get(row.client_id) ?? [];
      const endsAt = row.ends_at === null ? null : Number(row.ends_at);
      secrets.push({ id: row.id, createdAt: Number(row.created_at), endsAt });
      byClient.set(row.client_id, secrets);
    }
    return byClient;
  }

  async add(clientId: string, sha256: string, endsAt: number): Promise<void> {
    await this.deps.database.query(
      `insert into client_secret (tenant_id, client_id, sha256, expires_at)
         values ($1, $2, decode($3, 'hex'), to_timestamp($4::double precision / 1000))`,
      [PLATFORM_TENANT, clientId, sha256, endsAt],
    );
  }

  async forgetEnded(clientId: string, now: number): Promise<void> {
    await this.deps.database.query(
      `delete from client_secret where tenant_id = $1 and client_id = $2 and expires_at <= to_timestamp($3::double precision / 1000)`,
      [PLATFORM_TENANT, clientId, now],
    );
  }

  /** Answers whether it was there. */
  async remove(clientId: string, secretId: string): Promise<boolean> {
    const gone = await this.deps.database.query(
      `delete from client_secret where tenant_id = $1 and client_id = $2 and ${ID} = $3 returning 1 as gone`,
      [PLATFORM_TENANT, clientId, secretId],
    );
    return gone.length > 0;
  }
}
