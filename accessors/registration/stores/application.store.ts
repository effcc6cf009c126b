import { LRUCache } from 'lru-cache';
import { PLATFORM_TENANT, type Dated } from '#utilities/change-feed/contract.js';
import type { Database } from '#utilities/database/contract.js';
import type { IdSource } from '#utilities/id/contract.js';
import type { Application, ApplicationRegistration, RecordOutcome } from '../contract.js';

/** An application as it was read. */
interface MetApplication {
  readonly application: Application;
  /** Everything that was read, in one string: tells whether anything changed. */
  readonly content: string;
}

interface ApplicationRow {
  readonly epoch: string;
  readonly content: string | null;
}

interface ApplicationsRow {
  readonly epoch: string;
  readonly contents: readonly string[];
}

interface PermissionRow {
  readonly name: string;
  readonly bit_index: number;
  readonly description: string | null;
  readonly risk: string;
  readonly max_lifetime_seconds: number | null;
  readonly deprecated: boolean;
}

type WantedPermission = ApplicationRegistration['permissions'][number];

/** Permissions that are no longer offered are left out. */
const CONTENT = `json_build_object(
      'id', a.id,
      'audience', a.audience,
      'prefix', a.prefix,
      'permissions', (
        select coalesce(json_agg(json_build_object(
          'name', p.name, 'bit', p.bit_index, 'risk', p.risk, 'maxLifetimeSeconds', p.max_lifetime_seconds) order by p.bit_index), '[]')
        from permission p where p.tenant_id = a.tenant_id and p.application_id = a.id and p.deprecated_at is null),
      'allowsEmptyPermissions', a.allows_empty_permissions,
      'tokenLifetimeSeconds', a.token_lifetime_seconds,
      'signingAlgorithm', a.signing_algorithm,
      'settlesContext', a.settles_context
    )::text`;

const EPOCH = `coalesce((select epoch from data_epoch where tenant_id = $1), 0) as epoch`;

/** Each is one statement, so one snapshot. */
const APPLICATION = `
  select ${EPOCH}, (select ${CONTENT} from application a where a.tenant_id = $1 and a.audience = $2) as content`;

const APPLICATIONS = `
  select ${EPOCH}, (
    select coalesce(array_agg(${CONTENT} order by a.audience), '{}') from application a where a.tenant_id = $1) as contents`;

const PERMISSIONS = `
  select name, bit_index, description, risk, max_lifetime_seconds, deprecated_at is not null as deprecated
  from permission where tenant_id = $1 and application_id = $2`;

const USUAL_ALGORITHM = 'ES256';

/** As many as are kept. */
const MET = 10_000;

export class ApplicationStore {
  /** What others prepared from an application is found by the object; so there is one for each content. */
  private readonly met = new LRUCache<string, MetApplication>({ max: MET });

  constructor(private readonly deps: { readonly database: Database; readonly ids: IdSource }) {}

  /** Answers the very object of before while nothing about the application changed, alone and among all. */
  async read(audience: string): Promise<Dated<Application>> {
    const [row] = await this.deps.database.prepared<ApplicationRow>('registration_application', APPLICATION, [
      PLATFORM_TENANT,
      audience,
    ]);
    if (row === undefined) throw new Error('the statement always answers a row');
    return { epoch: Number(row.epoch), value: row.content === null ? undefined : this.same(row.content) };
  }

  /** Answers the very `outdated` when nothing about any application changed. */
  async readAll(outdated: readonly Application[] | undefined): Promise<Dated<readonly Application[]>> {
    const [row] = await this.deps.database.query<ApplicationsRow>(APPLICATIONS, [PLATFORM_TENANT]);
    if (row === undefined) throw new Error('the statement always answers a row');
    const all = row.contents.map((content) => this.same(content));
    const unchanged = outdated?.length === all.length && all.every((application, index) => application === outdated[index]);
    return { epoch: Number(row.epoch), value: unchanged ? outdated : all };
  }

  private same(content: string): Application {
    const read = JSON.parse(content) as Application;
    const before = this.met.get(read.audience);
    if (before?.content === content) return before.application;
    this.met.set(read.audience, { application: read, content });
    return read;
  }

  /** Runs in the caller's unit of work. */
  async register(registration: ApplicationRegistration): Promise<RecordOutcome> {
    const { value: stored } = await this.read(registration.audience);
    const id = stored?.id ?? (await this.insert(registration));
    const changed = stored !== undefined && !sameSettings(stored, registration);
    if (changed) await this.update(id, registration);
    const written = await this.writePermissions(id, registration);
    if (stored === undefined) return 'created';
    return changed || written ? 'updated' : 'unchanged';
  }

  private async insert(registration: ApplicationRegistration): Promise<string> {
    const id = this.deps.ids.ordered();
    await this.deps.database.query(
      `insert into application (tenant_id, id, audience, prefix, allows_empty_permissions, token_lifetime_seconds,
         signing_algorithm, settles_context) values ($1, $2, $8, $3, $4, $5, $6, $7)`,
      [PLATFORM_TENANT, id, ...settingsOf(registration), registration.audience],
    );
    return id;
  }

  private async update(id: string, registration: ApplicationRegistration): Promise<void> {
    await this.deps.database.query(
      `update application set prefix = $3, allows_empty_permissions = $4, token_lifetime_seconds = $5, signing_algorithm = $6,
         settles_context = $7 where tenant_id = $1 and id = $2`,
      [PLATFORM_TENANT, id, ...settingsOf(registration)],
    );
  }

  /** Answers whether a row was touched. */
  private async writePermissions(id: string, { permissions }: ApplicationRegistration): Promise<boolean> {
    const stored = await this.deps.database.query<PermissionRow>(PERMISSIONS, [PLATFORM_TENANT, id]);
    const byName = new Map(stored.map((row) => [row.name, row]));
    // Deprecated ones count: a bit that was ever taken stays taken.
    const firstFree = stored.reduce((free, row) => Math.max(free, row.bit_index + 1), 0);
    const wanted = [...new Map(permissions.map((permission) => [permission.name, toRow(permission)])).values()];

    const added = wanted
      .filter(({ name }) => !byName.has(name))
      .map((permission, index) => ({ ...permission, bit: firstFree + index }));
    const changed = wanted.filter((permission) => isChanged(byName.get(permission.name), permission));
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
  insert into permission (tenant_id, application_id, name, bit_index, description, risk, max_lifetime_seconds)
  select $1::uuid, $2::uuid, name, bit, description, risk, max_lifetime_seconds
  from jsonb_to_recordset($3) as r (name text, bit integer, description text, risk text, max_lifetime_seconds integer)`;

const CHANGE = `
  update permission p
  set description = r.description, risk = r.risk, max_lifetime_seconds = r.max_lifetime_seconds, deprecated_at = null
  from jsonb_to_recordset($3) as r (name text, description text, risk text, max_lifetime_seconds integer)
  where p.tenant_id = $1 and p.application_id = $2 and p.name = r.name`;

const DEPRECATE = `
  update permission p set deprecated_at = clock_timestamp()
  from jsonb_to_recordset($3) as r (name text)
  where p.tenant_id = $1 and p.application_id = $2 and p.name = r.name`;

/** In the order of the statements. */
function settingsOf(of: ApplicationRegistration): readonly [string, boolean, number | null, string, boolean] {
  return [
    of.prefix,
    of.allowsEmptyPermissions,
    of.tokenLifetimeSeconds,
    of.signingAlgorithm ?? USUAL_ALGORITHM,
    of.settlesContext ?? false,
  ];
}

function sameSettings(stored: Application, wanted: ApplicationRegistration): boolean {
  const now = settingsOf(stored);
  return settingsOf(wanted).every((setting, index) => setting === now[index]);
}

type PermissionContent = Pick<PermissionRow, 'name' | 'description' | 'risk' | 'max_lifetime_seconds'>;

function toRow({ name, description, risk, maxLifetimeSeconds }: WantedPermission): PermissionContent {
  return { name, description: description ?? null, risk: risk ?? 'low', max_lifetime_seconds: maxLifetimeSeconds ?? null };
}

function isChanged(stored: PermissionRow | undefined, wanted: PermissionContent): boolean {
  if (stored === undefined) return false;
  return (
    stored.deprecated ||
    stored.description !== wanted.description ||
    stored.risk !== wanted.risk ||
    stored.max_lifetime_seconds !== wanted.max_lifetime_seconds
  );
}
