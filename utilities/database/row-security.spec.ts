import { beforeAll, beforeEach, expect, it } from '@jest/globals';
import { PLATFORM_TENANT } from '#utilities/change-feed/contract.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import type { OpenDatabase } from './open.database.js';

const [ACME, GLOBEX] = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
const REFUSED = { code: '42501' };

describeOnEachDatabase('Row-level security', (open) => {
  let database: OpenDatabase;
  beforeAll(async () => {
    database = (await open()).database;
    await asOwner(database, `insert into tenant (id, slug) values ($1, 'acme'), ($2, 'globex')`, [ACME, GLOBEX]);
  });
  beforeEach(async () => {
    await asOwner(database, 'delete from subject');
    for (const tenant of [ACME, GLOBEX, PLATFORM_TENANT]) {
      await asOwner(database, `insert into subject (tenant_id, id, key, kind) values ($1, gen_random_uuid(), 'alice', 'user')`, [
        tenant,
      ]);
    }
  });

  const seen = async (sql = 'select tenant_id as id from subject order by 1') =>
    (await database.query<{ id: string }>(sql)).map(({ id }) => id);
  const add = (tenant: string, key: string) =>
    database.query(`insert into subject (tenant_id, id, key, kind) values ($1, gen_random_uuid(), $2, 'user')`, [tenant, key]);

  it('is on for every table that has a tenant, its owner too', async () => {
    const unbound = await asOwner(
      database,
      `select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id'
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity)`,
    );
    expect(unbound).toEqual([{ relname: 'data_epoch' }]);
  });

  it('shows nothing of tenants to a statement that names none, and the rows of the platform to all', async () => {
    expect(await seen()).toEqual([PLATFORM_TENANT]);
    expect(await seen('select id from tenant')).toEqual([PLATFORM_TENANT]);
    expect(await database.run(() => seen())).toEqual([PLATFORM_TENANT]);
  });

  it('shows a unit of work the tenants that it named, inner units included, and ends with it', async () => {
    await database.forTenants([ACME], async () => {
      expect(await seen()).toEqual([PLATFORM_TENANT, ACME]);
      await database.forTenants([GLOBEX], async () => expect(await seen()).toEqual([PLATFORM_TENANT, ACME, GLOBEX]));
      expect(await seen()).toEqual([PLATFORM_TENANT, ACME, GLOBEX]);
    });
    expect(await seen()).toEqual([PLATFORM_TENANT]);
    await expect(database.forTenants([ACME], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await seen()).toEqual([PLATFORM_TENANT]);
    expect(await database.forTenants([], () => seen())).toEqual([PLATFORM_TENANT]);
  });

  it('lets a function that sets the tenant read it, and leaves the unit of work its own', async () => {
    const read = () => database.query('select epoch from subject_facts($1, $2, $3, $4)', [GLOBEX, 'i', 'x', []]);
    await read();
    expect(await seen()).toEqual([PLATFORM_TENANT]);
    await database.forTenants([ACME], async () => {
      await read();
      expect(await seen()).toContain(ACME);
      await add(ACME, 'bob');
    });
  });

  it('refuses rows of a tenant that was not named, and moving one there', async () => {
    await expect(add(ACME, 'bob')).rejects.toMatchObject(REFUSED);
    await expect(database.forTenants([ACME], () => add(GLOBEX, 'bob'))).rejects.toMatchObject(REFUSED);
    await expect(
      database.forTenants([ACME], () => database.query('update subject set tenant_id = $1 where tenant_id = $2', [GLOBEX, ACME])),
    ).rejects.toMatchObject(REFUSED);
  });

  it('changes and deletes nothing of a tenant that was not named, whatever the statement says', async () => {
    await database.forTenants([ACME], async () => {
      await database.query(`update subject set status = 'disabled'`);
      await database.query(`update tenant set status = 'suspended'`);
      await database.query('delete from subject');
    });
    const left = await asOwner(database, 'select tenant_id, status from subject order by 1');
    expect(left).toEqual([
      { tenant_id: PLATFORM_TENANT, status: 'active' },
      { tenant_id: GLOBEX, status: 'active' },
    ]);
    expect(await asOwner(database, `update tenant set status = 'active' where status = 'suspended' returning slug`)).toEqual([
      { slug: 'acme' },
    ]);
  });

  it('lets nobody write into the tenant of operators who did not name it', async () => {
    await expect(database.forTenants([ACME], () => add(PLATFORM_TENANT, 'mallory'))).rejects.toMatchObject(REFUSED);
    await database.forTenants([PLATFORM_TENANT], () => add(PLATFORM_TENANT, 'operator'));
  });

  it('locks no row of a tenant that was not named', async () => {
    const lock = () => database.query('select 1 from tenant where id = $1 for no key update', [ACME]);
    expect(await database.run(lock)).toEqual([]);
    expect(await database.forTenants([ACME], lock)).toHaveLength(1);
  });

  it('tells who knows the slug or id of a tenant the other one and how it stands, and shows no more afterwards', async () => {
    const acme = { id: ACME, slug: 'acme', status: 'active' };
    await database.run(async () => {
      expect(await database.query(`select * from tenants_by_slug(array['acme', 'nobody', '{"globex"}', ''])`)).toEqual([acme]);
      expect(await database.query('select * from tenants_by_id($1)', [[ACME]])).toEqual([acme]);
      expect(await seen('select id from tenant')).toEqual([PLATFORM_TENANT]);
      expect(await seen()).toEqual([PLATFORM_TENANT]);
    });
  });

  it('fails closed on a name that is no id', async () => {
    for (const name of [`${ACME}; drop table x`, 'acme', `${ACME},`, '*']) {
      await expect(
        database.run(async () => {
          await database.query(`select set_config('countersign.tenant', $1, true)`, [name]);
          return seen();
        }),
      ).rejects.toMatchObject({ code: '22P02' });
    }
  });

  it('lets trails be added to for many tenants, and read and cleared by each alone', async () => {
    await database.query(
      `insert into decision (tenant_id, id, at, decision_id, diagnostic_id, client_id, audience, permission, allowed, code,
         policy_version, epoch)
       select tenant, gen_random_uuid(), now(), tenant::text, gen_random_uuid(), 'c', 'a', 'x:y', true, 'c', 'main@1', 1
       from unnest($1::uuid[]) as tenant`,
      [[ACME, GLOBEX]],
    );
    const decisions = () => seen('select decision_id as id from decision');
    expect(await decisions()).toEqual([]);
    expect(await database.forTenants([GLOBEX], decisions)).toEqual([GLOBEX]);
    await database.forTenants([GLOBEX], async () => {
      await database.query(`update decision set code = 'changed'`);
      await database.query('delete from decision');
    });
    expect(await asOwner(database, 'select decision_id as id, code from decision')).toEqual([{ id: ACME, code: 'c' }]);
  });
});
