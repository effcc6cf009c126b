import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { TenantRule } from '../contract.js';
import type { IssuerRecord } from '../issuer-record.js';

interface IssuerRow {
  readonly name: string;
  readonly provider: string;
  readonly status: string;
  readonly config: unknown;
}

interface RuleRow {
  readonly tenant_id: string | null;
  readonly slug: string | null;
  readonly when_claim: string | null;
  readonly when_equals: string | null;
}

/** What is read and written together about one issuer. */
export interface IssuerWrite extends IssuerRecord {
  /** Every `iss` that it owns; empty while it is disabled. */
  readonly identifiers: readonly string[];
}

const SELECT = `
  select i.name, i.provider, i.status, i.config, r.rule_tenant_id as tenant_id, t.slug, r.when_claim, r.when_equals
  from trusted_issuer i
  left join trusted_issuer_tenant r on r.tenant_id = i.tenant_id and r.issuer_name = i.name
  left join tenants_by_id(array(select distinct rule_tenant_id from trusted_issuer_tenant where tenant_id = $1)) t
    on t.id = r.rule_tenant_id
  where i.tenant_id = $1`;

export class IssuerStore {
  constructor(private readonly deps: { readonly database: Database }) {}

  /** One statement, so that issuers and rules are of the same moment. */
  async readActive(): Promise<readonly IssuerRecord[]> {
    const rows = await this.deps.database.query<IssuerRow & RuleRow>(
      `${SELECT} and i.status = 'active' order by i.name, r.position`,
      [PLATFORM_TENANT],
    );
    return toRecords(rows);
  }

  async find(name: string): Promise<IssuerRecord | undefined> {
    const rows = await this.deps.database.query<IssuerRow & RuleRow>(`${SELECT} and i.name = $2 order by r.position`, [
      PLATFORM_TENANT,
      name,
    ]);
    return toRecords(rows)[0];
  }

  /** Slug to id, of those that are there. */
  async tenantIds(slugs: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.deps.database.query<{ readonly id: string; readonly slug: string }>(
      'select id, slug from tenants_by_slug($1::text[])',
      [slugs],
    );
    return new Map(rows.map(({ id, slug }) => [slug, id]));
  }

  /** Writes the issuer whole. Answers those of its identifiers that another active issuer owns; with any, undo the unit of work. */
  async save(issuer: IssuerWrite): Promise<readonly string[]> {
    const { database } = this.deps;
    await database.query(
      `insert into trusted_issuer (tenant_id, name, provider, config, status) values ($1, $2, $3, $4::jsonb, $5)
       on conflict (tenant_id, name) do update
       set provider = excluded.provider, config = excluded.config, status = excluded.status, updated_at = now()`,
      [PLATFORM_TENANT, issuer.name, issuer.provider, JSON.stringify(issuer.config), issuer.status],
    );
    await this.replaceRules(issuer);
    return this.replaceIdentifiers(issuer);
  }

  private async replaceRules({ name, rules }: IssuerWrite): Promise<void> {
    const { database } = this.deps;
    await database.query('delete from trusted_issuer_tenant where tenant_id = $1 and issuer_name = $2', [PLATFORM_TENANT, name]);
    await database.query(
      `insert into trusted_issuer_tenant (tenant_id, issuer_name, position, rule_tenant_id, when_claim, when_equals)
       select $1, $2, rule.position, rule.tenant, rule.claim, rule.equals
       from unnest($3::uuid[], $4::text[], $5::text[]) with ordinality as rule (tenant, claim, equals, position)`,
      [
        PLATFORM_TENANT,
        name,
        rules.map((rule) => rule.tenantId),
        rules.map((rule) => rule.when?.claim ?? null),
        rules.map((rule) => rule.when?.equals ?? null),
      ],
    );
  }

  private async replaceIdentifiers({ name, identifiers }: IssuerWrite): Promise<readonly string[]> {
    const { database } = this.deps;
    await database.query('delete from trusted_issuer_identifier where tenant_id = $1 and issuer_name = $2', [
      PLATFORM_TENANT,
      name,
    ]);
    const written = await database.query<{ readonly iss: string }>(
      `insert into trusted_issuer_identifier (tenant_id, iss, issuer_name)
       select $1, owned.iss, $2 from unnest($3::text[]) as owned (iss)
       on conflict (tenant_id, iss) do nothing returning iss`,
      [PLATFORM_TENANT, name, identifiers],
    );
    const mine = new Set(written.map(({ iss }) => iss));
    return identifiers.filter((iss) => !mine.has(iss));
  }
}

function toRecords(rows: readonly (IssuerRow & RuleRow)[]): readonly IssuerRecord[] {
  const records = new Map<string, IssuerRow & { readonly rules: TenantRule[] }>();
  for (const row of rows) {
    const { name, provider, status, config } = row;
    const record = records.get(name) ?? { name, provider, status, config, rules: [] };
    records.set(name, record);
    record.rules.push(...toRule(row));
  }
  return [...records.values()];
}

function toRule({ tenant_id: tenantId, slug, when_claim: claim, when_equals: equals }: RuleRow): TenantRule[] {
  if (tenantId === null || slug === null) return [];
  return [{ tenantId, slug, when: claim === null || equals === null ? null : { claim, equals } }];
}
