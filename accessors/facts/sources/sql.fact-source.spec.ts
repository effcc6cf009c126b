import { expect, it } from '@jest/globals';
import { foreignDatabase } from '#utilities/database/foreign.database.js';
import { factSourceConformance } from '../../../test/conformance/fact-source.conformance.js';
import { CONTEXT } from '../../../test/support/accessor-parts.js';
import { describeOnPostgres, type TestDatabase } from '../../../test/support/database.js';
import type { AskedBy } from './asked-values.js';
import { SqlFactSource } from './sql.fact-source.js';

const QUERY = 'select department, level, tags, since, wage from employee where login = $1 and company = $2';
const COLUMNS = {
  'subject.department': 'department',
  'subject.level': 'level',
  'subject.tags': 'tags',
  'subject.since': 'since',
};
const question = (key: string, paths = Object.keys(COLUMNS)) => ({
  tenantId: 't1',
  tenantSlug: 'acme',
  identity: { instance: 'oidc:https://idp.test', externalId: `${key}-upstream` },
  subjectKey: key,
  paths,
});
const never = (): AbortSignal => new AbortController().signal;

async function people({ database }: TestDatabase): Promise<void> {
  await database.query(
    'create table employee (login text, company text, department text, level bigint, tags text[], since timestamptz, wage numeric)',
  );
  await database.query(
    `insert into employee values
      ('ana', 'acme', 'sales', 3, '{a,b}', '2026-01-02T03:04:05Z', 'NaN'), ('ana', 'other', 'board', 9, '{}', now(), 1),
      ('bo', 'acme', null, 5, '{}', '2026-01-02T03:04:05Z', 1), ('twin', 'acme', 'a', 1, '{}', now(), 1), ('twin', 'acme', 'b', 2, '{}', now(), 1)`,
  );
}

function sourceOn(
  { settings }: TestDatabase,
  changes: { readonly query?: string; readonly parameters?: readonly AskedBy[] } = {},
) {
  if (settings.kind !== 'postgres') throw new Error('this is about PostgreSQL');
  const database = foreignDatabase({ url: settings.url, poolSize: 2, statementMilliseconds: 2_000 });
  return new SqlFactSource({
    name: 'hr',
    database,
    query: changes.query ?? QUERY,
    parameters: changes.parameters ?? ['subjectKey', 'tenant'],
    columns: COLUMNS,
  });
}

describeOnPostgres('SqlFactSource keeps the contract of fact sources', (open) => {
  let opened: TestDatabase | undefined;
  const theDatabase = async (): Promise<TestDatabase> => {
    opened = await open({ content: 'empty' });
    await people(opened);
    return opened;
  };
  const ana = {
    'subject.department': 'sales',
    'subject.level': 3,
    'subject.tags': ['a', 'b'],
    'subject.since': '2026-01-02T03:04:05.000Z',
  };
  const bo = { ...ana, 'subject.department': null, 'subject.level': 5, 'subject.tags': [] };
  const rules = factSourceConformance({
    start: async () => sourceOn(await theDatabase()),
    known: [
      { question: question('ana'), values: ana },
      { question: question('bo'), values: bo },
    ],
    nobody: question('nobody'),
    fail: async () => {
      await opened?.database.query('alter table employee rename to gone');
      return async () => {
        await opened?.database.query('alter table gone rename to employee');
      };
    },
  });
  it.each(rules)('$name', ({ check }) => check());
});

describeOnPostgres('SqlFactSource', (open) => {
  const source = async (changes?: Parameters<typeof sourceOn>[1]): Promise<SqlFactSource> => {
    const opened = await open({ content: 'empty' });
    await people(opened);
    return sourceOn(opened, changes);
  };

  it('refuses to choose between several rows', async () => {
    const hr = await source();
    await expect(hr.read(CONTEXT, question('twin'), never())).rejects.toThrow('more than one row');
    await hr.close();
  });

  it('asks nothing where the question does not say what the statement asks by', async () => {
    const hr = await source({ query: `select 'board' as department where $1 is null`, parameters: ['subjectKey'] });
    expect(await hr.read(CONTEXT, { ...question('x'), subjectKey: null }, never())).toEqual(new Map());
    await hr.close();
  });

  it('cannot write, whatever the statement says', async () => {
    const hr = await source({ query: `update employee set level = 99 where login = $1 and company = $2 returning *` });
    await expect(hr.read(CONTEXT, question('ana'), never())).rejects.toThrow('read-only');
    await hr.close();
  });

  it('does not take a value that JSON has not, or a column that is not there', async () => {
    const wage = await source();
    const columns = { ...question('ana'), paths: ['subject.department'] };
    expect(await wage.read(CONTEXT, columns, never())).toEqual(new Map([['subject.department', 'sales']]));
    await wage.close();
    const missing = await source({ query: 'select level from employee where login = $1 and company = $2' });
    await expect(missing.read(CONTEXT, columns, never())).rejects.toThrow('no column department');
    await missing.close();
  });

  it('gives up a statement that takes too long, and answers the next question', async () => {
    const hr = await source({
      query: `select pg_sleep(case when $1 = 'slow' then 1 else 0 end), 'x' as department, $2::text`,
      parameters: ['subjectKey', 'tenant'],
    });
    const given = new AbortController();
    const asked = hr.read(CONTEXT, question('slow', ['subject.department']), given.signal);
    setImmediate(() => given.abort());
    await expect(asked).rejects.toThrow();
    expect((await hr.read(CONTEXT, question('quick', ['subject.department']), never())).size).toBe(1);
    await hr.close();
  });
});
