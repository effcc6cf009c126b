import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/database.js';

describeOnEachDatabase('Database', (open) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await open();
    await test.database.query('create table note (id int primary key, text text)');
  });
  afterEach(() => test.database.query('truncate note'));

  it('answers rows', async () => {
    expect(await test.database.query('select $1::int as one', [1])).toEqual([{ one: 1 }]);
    expect(await test.database.prepared('one', 'select $1::int as one', [2])).toEqual([{ one: 2 }]);
    expect(await test.database.prepared('one', 'select $1::int as one', [3])).toEqual([{ one: 3 }]);
  });
  it('migrated', async () => {
    expect(await test.database.pendingMigrations()).toEqual([]);
  });
  it('listens', async () => {
    const heard: string[] = [];
    let wake: () => void = () => undefined;
    const told = new Promise<void>((resolve) => (wake = resolve));
    const stop = await test.database.listen('x', (p) => { heard.push(p); wake(); }, () => undefined);
    await test.database.announce('x', 'hello');
    await told;
    expect(heard).toEqual(['hello']);
    await stop();
  });
  it('rolls back', async () => {
    await expect(test.database.run(async () => { await test.database.query("insert into note values (1,'a')"); throw new Error('no'); })).rejects.toThrow('no');
    expect(await test.database.query('select * from note')).toEqual([]);
  });
});
describe('x', () => { it('y', () => expect(1).toBe(1)); });
