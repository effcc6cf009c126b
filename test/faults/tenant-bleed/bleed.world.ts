import { DefaultFactAccess } from '#accessors/facts/default.fact.access.js';
import { DefaultPolicyAccess } from '#accessors/policy/default.policy.access.js';
import { EMPTY_POLICY } from '#accessors/policy/contract.js';
import { AuditStore } from '#accessors/audit/audit.store.js';
import { DecisionStore } from '#accessors/audit/decision.store.js';
import { PLATFORM_TENANT, type ChangeFeed, type EpochCaches } from '#utilities/change-feed/contract.js';
import { PostgresChangeFeed } from '#utilities/change-feed/postgres.change-feed.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { CryptoIdSource } from '#utilities/id/crypto.id-source.js';
import { CONTEXT } from '../../support/accessor-parts.js';
import { asOwner } from '../../support/as-owner.js';
import { SilentLogger } from '../../support/silent.logger.js';

export const TENANTS = 50;
export const SUBJECTS = 12;
const INSTANCE = 'oidc:https://idp.test';

/** Everything in a tenant says whose it is: in its roles, groups, attributes, flags, policy and decisions. */
const MARK = /\bof-([a-z]+-?\d*)\b/g;

export interface BleedTenant {
  readonly id: string;
  readonly mark: string;
}

/** What one process asks. */
export interface BleedRooms {
  readonly database: OpenDatabase;
  readonly facts: DefaultFactAccess;
  readonly policies: DefaultPolicyAccess;
  readonly decisions: DecisionStore;
  readonly audit: AuditStore;
}

const ids = new CryptoIdSource({ clock: new SystemClock() });

/** Keeps nothing, so that each question is a statement. */
const NO_CACHES: EpochCaches = {
  create: () => ({
    peek: () => undefined,
    get: async (_topic, _key, read) => (await read(undefined)).value,
  }),
};

export function roomsOn(
  database: OpenDatabase,
  kept: { readonly caches?: EpochCaches; readonly changeFeed?: ChangeFeed } = {},
): BleedRooms {
  const parts = { database, clock: new SystemClock(), logger: new SilentLogger() };
  const { caches = NO_CACHES, changeFeed = new PostgresChangeFeed(parts) } = kept;
  const deps = { ...parts, unitOfWork: database, caches, changeFeed, ids, sources: [] };
  return {
    database,
    facts: new DefaultFactAccess(deps),
    policies: new DefaultPolicyAccess(deps),
    decisions: new DecisionStore(deps),
    audit: new AuditStore(deps),
  };
}

/** The same people, by the same names and ids upstream, in each of the tenants and in the platform's own. */
export async function populate(rooms: BleedRooms): Promise<readonly BleedTenant[]> {
  const tenants: BleedTenant[] = [];
  // One after the other: on a busy machine nobody then waits for a connection for too long.
  for (let number = 0; number < TENANTS; number += 1) tenants.push(await addTenant(rooms, `of-tenant-${number}`));
  await fill(rooms, { id: PLATFORM_TENANT, mark: 'platform' }, 'of-platform');
  return tenants;
}

async function addTenant(rooms: BleedRooms, mark: string): Promise<BleedTenant> {
  const { id } = await rooms.facts.registerTenant(CONTEXT, { slug: mark, status: 'active' });
  await fill(rooms, { id, mark }, mark);
  const content = { ...EMPTY_POLICY, roles: [{ key: mark, inherits: [], grants: ['x:y:z'], exclude: [] }] };
  await rooms.policies.activate(CONTEXT, { tenant: mark, set: 'main', content });
  return { id, mark };
}

async function fill({ database, facts, decisions }: BleedRooms, { id, mark: tenant }: BleedTenant, mark: string): Promise<void> {
  await facts.registerGroup(CONTEXT, { tenant, key: mark });
  const names = Array.from({ length: SUBJECTS }, (_, number) => `user-${number}`);
  await facts.registerSubjects(
    CONTEXT,
    names.map((key) => ({
      tenant,
      key,
      kind: 'user',
      status: 'active',
      identities: [{ instance: INSTANCE, externalId: key }],
      groups: [mark],
    })),
  );
  const principals = [{ type: 'group', key: mark } as const, ...names.map((key) => ({ type: 'subject', key }) as const)];
  await facts.assignRoles(
    CONTEXT,
    principals.map((principal) => ({ tenant, principal, role: mark, state: 'active' })),
  );
  await asOwner(database, `update subject set attributes = jsonb_build_object('whose', $2::text) where tenant_id = $1`, [
    id,
    mark,
  ]);
  await asOwner(database, 'insert into feature_flag (tenant_id, key, enabled) values ($1, $2, true)', [id, mark]);
  await decisions.insert([decisionOf({ id, mark })]);
}

export function decisionOf({ id, mark }: BleedTenant): string {
  return JSON.stringify({
    tenant_id: id,
    id: ids.ordered(),
    at: 1_790_000_000_000,
    decision_id: mark,
    diagnostic_id: CONTEXT.diagnosticId,
    client_id: mark,
    audience: 'a',
    permission: 'x:y:z',
    allowed: true,
    code: 'x',
    policy_version: 'main@1',
    epoch: 1,
  });
}

export function question({ id }: BleedTenant, number: number, by: 'identity' | 'key') {
  const key = `user-${number % SUBJECTS}`;
  const subject = by === 'key' ? { by, key } : { by, identity: { instance: INSTANCE, externalId: key } };
  return { tenantId: id, subject, groups: [] };
}

/** Whose marks are in the answer. */
export function marksIn(answer: unknown): ReadonlySet<string> {
  return new Set(JSON.stringify(answer ?? null).match(MARK));
}

/** Rows whose mark is another tenant's, as the owner sees them. */
export async function misplacedRows(database: OpenDatabase, tenants: readonly BleedTenant[]): Promise<number> {
  const [row] = await asOwner<{ misplaced: number }>(
    database,
    `select count(*)::int as misplaced
     from jsonb_to_recordset($1) as t (id uuid, mark text)
     join (
       select tenant_id, role_key as mark from role_assignment union all select tenant_id, key from subject_group
       union all select tenant_id, attributes ->> 'whose' from subject union all select tenant_id, key from feature_flag
       union all select tenant_id, decision_id from decision
     ) as r on r.tenant_id = t.id
     where r.mark not in (t.mark, t.mark || '-live')`,
    [JSON.stringify(tenants)],
  );
  return row?.misplaced ?? -1;
}
