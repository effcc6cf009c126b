import type { ClientBase } from 'pg';
import { CodedError } from '#utilities/errors/coded-error.js';

/** Made by a migration; what it may do is granted after each of them. */
const SERVICE_ROLE = 'countersign_service';

/** What to do about a role that row-level security does not bind. */
export type UnsafeRole = 'refuse' | 'step-down' | 'keep';

interface RoleRow {
  readonly name: string;
  readonly superuser: boolean;
  readonly bypass: boolean;
  /** Whether the migration that makes and grants the service role has run here. */
  readonly migrated: boolean;
  readonly prepared: boolean;
  readonly unbound: readonly string[];
}

/** Whatever has a tenant is under row-level security, its owner too; the epochs are what tells processes of changes in any. */
const ROLE = `
  select r.rolname as name, r.rolsuper as superuser, r.rolbypassrls as bypass,
    to_regprocedure('grant_service_role()') is not null as migrated,
    exists (select from pg_roles where rolname = $1) as prepared,
    array(
      select c.relname::text from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
      where c.relnamespace = current_schema()::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'data_epoch'
        and not (c.relrowsecurity and c.relforcerowsecurity)
      order by 1) as unbound
  from pg_roles r where r.rolname = current_user`;

/**
 * Which role to act as instead of the one that is connected; `undefined`: that one. Where the schema of this service is not there
 * yet, there is nothing to protect and nothing to serve.
 *
 * @throws CodedError `DATABASE_ROLE_UNSAFE`
 */
export async function roleToActAs(client: Pick<ClientBase, 'query'>, unsafe: UnsafeRole): Promise<string | undefined> {
  if (unsafe === 'keep') return undefined;
  const [role] = (await client.query<RoleRow>(ROLE, [SERVICE_ROLE])).rows;
  if (role === undefined) throw new Error('the statement always answers a row');
  const leavable = unsafe === 'step-down' && (role.prepared || !role.migrated);
  const inTheWay = roleFaults(role);
  const faults = [...(leavable ? [] : inTheWay), ...tableFaults(role)];
  if (faults.length > 0) throw new CodedError('DATABASE_ROLE_UNSAFE', { actual: faults.join('; ') });
  return inTheWay.length > 0 && role.migrated ? SERVICE_ROLE : undefined;
}

function roleFaults({ name, superuser, bypass }: RoleRow): string[] {
  return [...(superuser ? [`role ${name} is a superuser`] : []), ...(bypass ? [`role ${name} has BYPASSRLS`] : [])];
}

function tableFaults({ migrated, unbound }: RoleRow): string[] {
  return migrated ? unbound.map((table) => `table ${table} is not under forced row-level security`) : [];
}
