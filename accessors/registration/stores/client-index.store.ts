import { PLATFORM_TENANT, type Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { IssuerScopedId } from '../contract.js';

/** Which clients there are at all, and which are found by something else than their id. */
export interface ClientIndex {
  /** Every client id, whatever its status. */
  readonly ids: ReadonlySet<string>;
  /** The active public client of a presenter at an issuer; `null`: more than one says that it is. */
  readonly publicClients: ReadonlyMap<string, string | null>;
  /** Where browsers may call from with any active public client. */
  readonly origins: ReadonlySet<string>;
  /** Everything that was read, in one string. */
  readonly content: string;
}

interface IndexRow {
  readonly epoch: string;
  readonly content: string;
}

interface IndexContent {
  readonly ids: readonly string[];
  readonly open: readonly {
    readonly id: string;
    readonly origins: readonly string[];
    readonly presenters: readonly (readonly [issuer: string, id: string])[];
  }[];
}

/** One statement, so one snapshot; in one fixed order. */
const INDEX = `
  select
    coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch,
    json_build_object(
      'ids', (select coalesce(json_agg(c.client_id order by c.client_id), '[]') from oauth_client c where c.tenant_id = $1),
      'open', (
        select coalesce(json_agg(json_build_object('id', c.client_id, 'origins', c.origins, 'presenters', (
          select coalesce(json_agg(json_build_array(p.issuer, p.external_id) order by p.issuer, p.external_id), '[]')
          from client_presenter p where p.tenant_id = c.tenant_id and p.client_id = c.client_id and p.relation = 'own'
        )) order by c.client_id), '[]')
        from oauth_client c where c.tenant_id = $1 and c.kind = 'public' and c.status = 'active')
    )::text as content`;

export class ClientIndexStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** Answers the very `outdated` when nothing in it changed. */
  async read(outdated: ClientIndex | undefined): Promise<Dated<ClientIndex>> {
    const [row] = await this.deps.database.prepared<IndexRow>('registration_client_index', INDEX, [PLATFORM_TENANT]);
    if (row === undefined) throw new Error('the statement always answers a row');
    const epoch = Number(row.epoch);
    return { epoch, value: row.content === outdated?.content ? outdated : indexOf(row.content) };
  }
}

/** A text that is equal for equal presenters and for no others. */
export function presenterKey({ issuer, id }: IssuerScopedId): string {
  return JSON.stringify([issuer, id]);
}

function indexOf(content: string): ClientIndex {
  const { ids, open } = JSON.parse(content) as IndexContent;
  const publicClients = new Map<string, string | null>();
  for (const client of open) {
    for (const [issuer, id] of client.presenters) {
      const key = presenterKey({ issuer, id });
      // SECURITY: whom a token names has to be one client; which of two would be a guess.
      publicClients.set(key, publicClients.has(key) ? null : client.id);
    }
  }
  return { ids: new Set(ids), publicClients, origins: new Set(open.flatMap(({ origins }) => origins)), content };
}
