import { PLATFORM_TENANT, type Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Application, ApplicationRegistration, RecordOutcome } from '../contract.js';

/** An application as it is kept in memory. */
export interface StoredApplication {
  readonly application: Application;
  /** Everything that was read, in one string: tells whether anything changed. */
  readonly content: string;
}

interface ApplicationRow {
  readonly epoch: string;
  readonly content: string | null;
}

interface PermissionRow {
  readonly name: string;
  readonly bit_index: number;
  readonly description: string | null;
  readonly deprecated: boolean;
}

/** One statement, so one snapshot; permissions that are no longer offered are left out. */
const APPLICATION = `
  select
    coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch,
    (select json_build_object(
      'id', a.id,
      'audience', a.audience,
      'prefix', a.prefix,
      'permissions', (
        select coalesce(json_agg(json_build_object('name', p.name, 'bit', p.bit_index) order by p.bit_index), '[]')
        from permission p where p.tenant_id = a.tenant_id and p.application_id = a.id and p.deprecated_at is null),
      'allowsEmptyPermissions', a.allows_empty_permissions,
      'tokenLifetimeSeconds', a.token_lifetime_seconds,
      'signingAlgorithm', a.signing_algorithm
    )::text from application a where a.tenant_id = $1 and a.audience = $2) as content`;

const PERMISSIONS = `
  select name, bit_index, description, deprecated_at is not null as deprecated
  from permission where tenant_id = $1 and application_id = $2`;

const USUAL_ALGORITHM = 'ES256';

export class ApplicationStore {
  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  /** Answers the very `outdated` when nothing about the application changed. */
  async read(audience: string, outdated: StoredApplication | undefined): Promise<Dated<StoredApplication>> {
    const [row] = await this.deps.database.prepared<ApplicationRow>('registration_application', APPLICATION, [
      PLATFORM_TENANT,
      audience,
    ]);
    if (row === undefined) throw new Error('the statement always answers a row');
    const epoch = Number(row.epoch);
    if (row.content === null) return { epoch, value: undefined };
    if (row.content === outdated?.content) return { epoch, value: outdated };
    return { epoch, value: { application: JSON.parse(row.content) as Application, content: row.content } };
  }

  /** Runs in the caller's unit of work. */
  async register(registration: ApplicationRegistration): Promise<RecordOutcome> {
    const { value } = await this.read(registration.audience, undefined);
    const stored = value?.application;
    const id = stored?.id ?? (await this.insert(registration));
    const changed = stored !== undefined && !sameSettings(stored, registration);
    if (changed) await this.update(id, registration);
    const written = await this.writePermissions(id, registration);
    if (stored === undefined) return 'created';
    return changed || written ? 'updated' : 'unchanged';
  }

  private async insert({
    audience,
    prefix,
    allowsEmptyPermissions,
    tokenLifetimeSeconds,
    signingAlgorithm = USUAL_ALGORITHM,
  }: ApplicationRegistration): Promise<string> {
    const id = this.deps.ids.ordered();
    await this.deps.database.query(
      `insert into application (tenant_id, id, audience, prefix, allows_empty_permissions, token_lifetime_seconds,
         signing_algorithm) values ($1, $2, $3, $4, $5, $6, $7)`,
      [PLATFORM_TENANT, id, audience, prefix, allowsEmptyPermissions, tokenLifetimeSeconds, signingAlgorithm],
    );
    return id;
  }

  private async update(
    id: string,
    { prefix, allowsEmptyPermissions, tokenLifetimeSeconds, signingAlgorithm = USUAL_ALGORITHM }: ApplicationRegistration,
  ): Promise<void> {
    await this.deps.database.query(
      `update application set prefix = $3, allows_empty_permissions = $4, token_lifetime_seconds = $5, signing_algorithm = $6
         where tenant_id = $1 and id = $2`,
      [PLATFORM_TENANT, id, prefix, allowsEmptyPermissions, tokenLifetimeSeconds, signingAlgorithm],
    );
  }

  /** Answers whether a row was touched. */
  private async writePermissions(id: string, { permissions }: ApplicationRegistration): Promise<boolean> {
    const stored = await this.deps.database.query<PermissionRow>(PERMISSIONS, [PLATFORM_TENANT, id]);
    const byName = new Map(stored.map((row) => [row.name, row]));
    // Deprecated ones count: a bit that was ever taken stays taken.
    const firstFree = stored.reduce((free, row) => Math.max(free, row.bit_index + 1), 0);
    const wanted = [...new Map(permissions.map((permission) => [permission.name, permission])).values()];

    const added = wanted
      .filter(({ name }) => !byName.has(name))
      .map(({ name, description }, index) => ({ name, description, bit: firstFree + index }));
    const changed = wanted.filter(({ name, description }) => isChanged(byName.get(name), description));
    const names = new Set(wanted.map(({ name }) => name));
    const dropped = stored.filter((row) => !row.deprecated && !names.has(row.name)).map(({ name }) => ({ name }));

    await this.each(ADD, id, added);
    await this.each(CHANGE, id, changed);
    await this.each(DEPRECATE, id, dropped);
    return added.length + changed.length + dropped.length > 0;
  }

  private async each(sql: string, id: string, items: readonly object[]): Promise<void> {
    if (items.length > 0) await this.deps.database.query(sql, [PLATFORM_TENANT, id, JSON.stringify(items)]);
  }
}

const ADD = `
  insert into permission (tenant_id, application_id, name, bit_index, description)
  select $1::uuid, $2::uuid, name, bit, description from jsonb_to_recordset($3) as r (name text, bit integer, description text)`;

const CHANGE = `
  update permission p set description = r.description, deprecated_at = null
  from jsonb_to_recordset($3) as r (name text, description text)
  where p.tenant_id = $1 and p.application_id = $2 and p.name = r.name`;

const DEPRECATE = `
  update permission p set deprecated_at = clock_timestamp()
  from jsonb_to_recordset($3) as r (name text)
  where p.tenant_id = $1 and p.application_id = $2 and p.name = r.name`;

function sameSettings(stored: Application, wanted: ApplicationRegistration): boolean {
  return (
    stored.prefix === wanted.prefix &&
    stored.allowsEmptyPermissions === wanted.allowsEmptyPermissions &&
    stored.tokenLifetimeSeconds === wanted.tokenLifetimeSeconds &&
    stored.signingAlgorithm === (wanted.signingAlgorithm ?? USUAL_ALGORITHM)
  );
}

function isChanged(stored: PermissionRow | undefined, description: string | undefined): boolean {
  if (stored === undefined) return false;
  return stored.deprecated || stored.description !== (description ?? null);
}
