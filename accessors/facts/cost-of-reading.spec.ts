import { expect, it } from '@jest/globals';
import { accessorParts, CONTEXT } from '../../test/support/accessor-parts.js';
import { describeOnPostgres } from '../../test/support/database.js';
import type { Database } from '#utilities/database/contract.js';
import type { FactQuestion } from './contract.js';
import { DefaultFactAccess } from './default.fact.access.js';
import { byIdentity, byKey, identity } from './fixtures/facts.fixture.js';

const SUBJECTS = 100_000;
const TENANT = '018f0000-0000-7000-8000-000000000001';

/** Rows of one table that one transaction touched, as the server counts: one after the other, or found by an index. */
interface RowsTouched {
  readonly name: string;
  readonly sequential: number;
  readonly indexed: number;
}

/** Subjects of one statement: few enough for its time-out. */
const AT_ONCE = 10_000;

const id = (prefix: string, value: string): string =>
  `('${prefix}0000-0000-7000-8000-' || lpad(to_hex(${value}), 12, '0'))::uuid`;
const SUBJECT = id('018f', 'n');

const GROUPS = [
  `insert into tenant (id, slug) values ('${TENANT}', 'large')`,
  `insert into subject_group (tenant_id, id, key) select '${TENANT}', ${id('0190', 'n')}, 'group-' || n from generate_series(0, 999) as n`,
  `insert into group_parent (tenant_id, group_id, parent_id)
   select '${TENANT}', ${id('0190', 'n')}, ${id('0190', 'n % 10')} from generate_series(10, 999) as n`,
  `insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key)
   select '${TENANT}', gen_random_uuid(), 'group', ${id('0190', 'n')}, 'role-3' from generate_series(0, 999) as n`,
];

/** Everybody has an identity, a group out of 1,000, two roles and a grant. */
const EVERYBODY = [
  `insert into subject (tenant_id, id, key, kind) select '${TENANT}', ${SUBJECT}, 'user-' || n, 'user' from`,
  `insert into subject_identity (tenant_id, instance, external_id, subject_id, position)
   select '${TENANT}', 'oidc:https://idp.test', 'user-' || n, ${SUBJECT}, 0 from`,
  `insert into group_member (tenant_id, subject_id, group_id) select '${TENANT}', ${SUBJECT}, ${id('0190', 'n % 1000')} from`,
  `insert into role_assignment (tenant_id, id, principal_type, principal_id, role_key)
   select '${TENANT}', gen_random_uuid(), 'subject', ${SUBJECT}, 'role-' || k from generate_series(1, 2) as k,`,
  `insert into resource_grant (tenant_id, id, principal_type, principal_id, permissions, resource_type)
   select '${TENANT}', gen_random_uuid(), 'subject', ${SUBJECT}, '{x:y}', 'invoice' from`,
];

async function fill(database: Database): Promise<void> {
  await database.forTenants([TENANT], async () => {
    for (const statement of GROUPS) await database.query(statement);
    for (let first = 1; first <= SUBJECTS; first += AT_ONCE) {
      for (const statement of EVERYBODY) {
        await database.query(`${statement} generate_series(${first}, ${first + AT_ONCE - 1}) as n`);
      }
    }
  });
}

describeOnPostgres('The cost of reading facts', (open) => {
  it('follows the rows of the subject alone, and every row is found by an index, among a hundred thousand subjects', async () => {
    const parts = await accessorParts((await open()).database);
    const facts = new DefaultFactAccess(parts);
    await fill(parts.database);
    // The server counts since it last reported, which it does between transactions.
    const counts = async (): Promise<Map<string, RowsTouched>> => {
      const rows = await parts.database.query<RowsTouched>(`
        select relname as name, seq_tup_read::integer as sequential, idx_tup_fetch::integer as indexed
        from pg_stat_xact_user_tables where relname <> 'data_epoch'`);
      return new Map(rows.map((row) => [row.name, row]));
    };
    const touched = (question: FactQuestion): Promise<RowsTouched[]> =>
      parts.unitOfWork.run(async () => {
        const before = await counts();
        const found = await facts.factsOf(CONTEXT, question);
        expect(found.assignments.length).toBeGreaterThan(0);
        const grown = (row: RowsTouched, what: 'sequential' | 'indexed') => row[what] - (before.get(row.name)?.[what] ?? 0);
        return [...(await counts()).values()].map((row) => ({
          name: row.name,
          sequential: grown(row, 'sequential'),
          indexed: grown(row, 'indexed'),
        }));
      });
    for (const number of [1, 50_000, SUBJECTS]) {
      const who = identity(`user-${number}`);
      for (const question of [byIdentity(TENANT, who), byKey(TENANT, `user-${number}`), byIdentity(TENANT, who, ['group-77'])]) {
        expect((await touched(question)).filter(({ sequential, indexed }) => sequential > 0 || indexed > 6)).toEqual([]);
      }
    }
    await parts.changeFeed.stop();
  }, 120_000);
});
