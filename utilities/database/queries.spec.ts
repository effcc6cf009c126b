import { beforeAll, describe, expect, it } from '@jest/globals';
import { describeOnEachDatabase, type TestDatabase } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import { isConnectionFault } from './connection.fault.js';

describeOnEachDatabase('Database', (open) => {
  let test: TestDatabase;
  beforeAll(async () => {
    test = await open();
  });

  it('answers the rows of a statement, and of a prepared one each time it is asked', async () => {
    expect(await test.database.query('select $1::int as one', [1])).toEqual([{ one: 1 }]);
    for (const one of [2, 3]) expect(await test.database.prepared('one', 'select $1::int as one', [one])).toEqual([{ one }]);
  });

  it('throws an error of the statement as it is, and goes on', async () => {
    await expect(test.database.query('select 1 / 0')).rejects.toMatchObject({ code: '22012' });
    await expect(test.database.prepared('nothing', 'select * from nothing', [])).rejects.toMatchObject({ code: '42P01' });
    expect(await test.database.query('select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('serves many callers at the same time', async () => {
    const numbers = Array.from({ length: 20 }, (_, number) => number);
    const rows = await Promise.all(numbers.map((number) => test.database.query<{ n: number }>('select $1::int as n', [number])));
    expect(rows.map(([row]) => row?.n)).toEqual(numbers);
  });

  it('tells a listener each announcement on its channel, and nothing after it stopped', async () => {
    const heard: string[] = [];
    const stop = await test.database.listen(
      'spec_channel',
      (payload) => heard.push(payload),
      () => undefined,
    );
    await test.database.announce('another_channel', 'not for us');
    await test.database.announce('spec_channel', 'one');
    await test.database.announce('spec_channel', 'two');
    await until('both are heard', () => heard.length === 2);
    expect(heard).toEqual(['one', 'two']);
    await stop();
    await test.database.announce('spec_channel', 'three');
    expect(heard).toEqual(['one', 'two']);
  });

  it('refuses to announce inside a unit of work, where the change is not committed yet', async () => {
    await expect(test.database.run(() => test.database.announce('spec_channel', 'early'))).rejects.toThrow(
      /inside a unit of work/,
    );
  });

  it('closes once, however often it is asked to', async () => {
    const other = await open();
    await Promise.all([other.database.close(), other.database.close()]);
    await expect(other.database.query('select 1')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

describe('Connection faults', () => {
  const fault = (code: string): Error => Object.assign(new Error('fault'), { code });

  it.each([
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOTFOUND',
    '57P01',
    '57P03',
    '08006',
    '08P01',
    '53300',
    '53100',
    '57014',
    '25006',
    '28P01',
    '3D000',
    '58030',
  ])('are told from programming errors: %s', (code) => expect(isConnectionFault(fault(code))).toBe(true));

  it.each(['23505', '42P01', '42501', '40001', '22012', '25P02', 'ERR_INVALID_ARG_TYPE'])(
    'leave other errors alone: %s',
    (code) => {
      expect(isConnectionFault(fault(code))).toBe(false);
    },
  );

  it('are known by their words where the driver gives no code', () => {
    expect(isConnectionFault(new Error('timeout exceeded when trying to connect'))).toBe(true);
    expect(isConnectionFault(new Error('Connection terminated unexpectedly'))).toBe(true);
    expect(isConnectionFault(new Error('Query read timeout'))).toBe(true);
    expect(isConnectionFault(new AggregateError([fault('ECONNREFUSED')]))).toBe(true);
    expect(isConnectionFault(new Error('bind message supplies 1 parameters'))).toBe(false);
    expect(isConnectionFault('timeout exceeded')).toBe(false);
  });
});
