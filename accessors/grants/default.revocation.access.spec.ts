import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { isCodedError } from '#utilities/errors/coded-error.js';
import { PostgresChangeFeed } from '#utilities/change-feed/postgres.change-feed.js';
import { CountingDatabase } from '../../test/support/counting.database.js';
import { CONTEXT } from '../../test/support/accessor-parts.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres, type TestDatabase } from '../../test/support/database.js';
import { SilentLogger } from '../../test/support/silent.logger.js';
import { until } from '../../test/support/until.js';
import { DefaultRevocationAccess } from './default.revocation.access.js';
import { RevocationMemory } from './revocation-memory.js';
import type { RevocableToken, Revocation, RevocationTarget } from './revocation.contract.js';

const clock = new ManualClock();
const NOW = Math.floor(clock.now() / 1_000);
const TOKEN: RevocableToken = { tokenId: 't-1', tenant: 'acme', subject: 'u_ana', clientId: 'portal', issuedAt: NOW };
const OF = { tenant: 'acme', subject: 'u_ana', clientId: 'portal' };

const of = (target: RevocationTarget, changes: Partial<Revocation> = {}): Revocation => ({
  target,
  before: NOW + 1,
  until: NOW + 600,
  because: 'a test',
  ...changes,
});
const token = (tokenId: string, origin: typeof OF | null = OF): RevocationTarget => ({ by: 'token', tokenId, of: origin });

interface Process {
  readonly access: DefaultRevocationAccess;
  readonly feed: PostgresChangeFeed;
  readonly database: CountingDatabase;
  readonly clock: ManualClock;
  readonly logger: SilentLogger;
}

async function processOn(
  opened: TestDatabase['database'],
  options: { most?: number; pollIntervalMs?: number } = {},
): Promise<Process> {
  const database = new CountingDatabase(opened);
  const own = new ManualClock();
  const logger = new SilentLogger();
  const feed = new PostgresChangeFeed({ database, clock: own, logger, pollIntervalMs: options.pollIntervalMs ?? 3_600_000 });
  await feed.start();
  const most = options.most === undefined ? {} : { most: options.most };
  const access = new DefaultRevocationAccess({ database, changeFeed: feed, clock: own, logger, ...most });
  await access.load();
  return { access, feed, database, clock: own, logger };
}

const codeOf = (work: () => unknown): string | undefined => {
  try {
    work();
    return undefined;
  } catch (error) {
    return isCodedError(error) ? error.code : String(error);
  }
};

describe('What is revoked', () => {
  const found = (target: RevocationTarget, asked: Partial<RevocableToken>, before = NOW): boolean => {
    const memory = new RevocationMemory();
    memory.add({ target, before, until: NOW + 600 });
    return memory.find({ ...TOKEN, ...asked }) !== undefined;
  };

  it('is a token by its id, whenever it was issued', () => {
    expect(found(token('t-1'), { issuedAt: NOW + 100 })).toBe(true);
    expect(found(token('t-2'), {})).toBe(false);
    expect(found(token('t-1'), { tokenId: null })).toBe(false);
  });

  it.each<[string, RevocationTarget, Partial<RevocableToken>]>([
    ['subject', { by: 'subject', tenant: 'acme', subject: 'u_ana' }, { subject: 'u_bob' }],
    ['subject in its tenant', { by: 'subject', tenant: 'acme', subject: 'u_ana' }, { tenant: 'globex' }],
    ['client', { by: 'client', clientId: 'portal' }, { clientId: 'orders' }],
    ['tenant', { by: 'tenant', tenant: 'acme' }, { tenant: 'globex' }],
  ])('is everything of a %s that was issued before, and nothing else', (_what, target, other) => {
    expect(found(target, { issuedAt: NOW - 1 })).toBe(true);
    expect(found(target, { issuedAt: NOW })).toBe(false);
    expect(found(target, { issuedAt: NOW - 1, ...other })).toBe(false);
  });

  it('is what does not say when it was issued', () => {
    expect(found({ by: 'client', clientId: 'portal' }, { issuedAt: Number.NaN })).toBe(true);
  });

  it('is forgotten when it has ended, and nothing else is', () => {
    const memory = new RevocationMemory();
    memory.add({ target: { by: 'subject', tenant: 'acme', subject: 'u_ana' }, before: NOW, until: NOW + 10 });
    memory.add({ target: { by: 'client', clientId: 'portal' }, before: NOW, until: NOW + 20 });
    memory.forgetEnded(NOW + 10);
    expect(memory.find({ ...TOKEN, issuedAt: 0 })).toMatchObject({ by: 'subject' });
    memory.forgetEnded(NOW + 11);
    expect(memory.find({ ...TOKEN, issuedAt: 0 })).toMatchObject({ by: 'client' });
    expect(memory.cutSubjects).toBe(0);
    expect(memory.all()).toHaveLength(1);
  });

  it.each([
    { by: 'subject', tenant: 'acme', subject: 'u_ana' },
    { by: 'client', clientId: 'portal' },
    { by: 'tenant', tenant: 'acme' },
  ] as const)('cuts off by $by what came later of something that was issued before', (target) => {
    const later = { issuedAt: NOW + 5 };
    expect(found(target, { ...later, origin: { issuedAt: NOW - 1 } })).toBe(true);
    expect(found(target, { ...later, origin: { issuedAt: NOW } })).toBe(false);
    expect(found(target, { issuedAt: NOW - 1, origin: { issuedAt: NOW + 1 } })).toBe(true);
    expect(found(target, { ...later, origin: { issuedAt: Number.NaN } })).toBe(true);
  });

  it('is not confused by names of other kinds, or by names that objects have', () => {
    expect(found({ by: 'client', clientId: 'acme' }, { issuedAt: 0 })).toBe(false);
    expect(found({ by: 'tenant', tenant: 'portal' }, { issuedAt: 0 })).toBe(false);
    expect(found(token('t-1'), { tenant: '__proto__', subject: 'constructor', tokenId: '__proto__' })).toBe(false);
  });
});

describeOnEachDatabase('RevocationAccess', (open) => {
  let db: TestDatabase;
  let one: Process;

  beforeAll(async () => {
    db = await open();
    one = await processOn(db.database);
  });
  afterAll(() => one.feed.stop());
  beforeEach(() => asOwner(db.database, 'delete from revocation'));

  const revoke = async (revocation: Revocation): Promise<void> => {
    await one.access.revoke(CONTEXT, revocation);
    await one.access.announce();
  };

  it('heeds what it was told when announce returns, and answers from memory', async () => {
    await revoke(of(token('t-10')));
    await revoke(of({ by: 'subject', tenant: 'acme', subject: 'u_10' }));
    const before = one.database.statements;
    expect(one.access.revokes(CONTEXT, { ...TOKEN, tokenId: 't-10' })).toEqual(token('t-10'));
    expect(one.access.revokes(CONTEXT, { ...TOKEN, subject: 'u_10' })).toMatchObject({ by: 'subject' });
    expect(one.access.revokes(CONTEXT, { ...TOKEN, subject: 'u_11' })).toBeUndefined();
    expect(one.database.statements).toBe(before);
  });

  it('goes with the unit of work: what was rolled back is not revoked', async () => {
    const failed = db.database.run(async () => {
      await one.access.revoke(CONTEXT, of(token('t-20')));
      throw new Error('undone');
    });
    await expect(failed).rejects.toThrow('undone');
    await one.access.announce();
    expect(one.access.revokes(CONTEXT, { ...TOKEN, tokenId: 't-20' })).toBeUndefined();
  });

  it('keeps the later of two cut-offs', async () => {
    const client = { by: 'client', clientId: 'c-30' } as const;
    await revoke(of(client, { before: NOW, until: NOW + 900 }));
    await revoke(of(client, { before: NOW - 100, until: NOW + 800 }));
    expect(await one.access.list(CONTEXT, { by: 'client', below: null, limit: 10 })).toMatchObject([
      { target: client, before: NOW, until: NOW + 900 },
    ]);
    expect(one.access.revokes(CONTEXT, { ...TOKEN, clientId: 'c-30', issuedAt: NOW - 1 })).toEqual(client);
  });

  it('tells all of them under a number that grows with each, and the same array while nothing changes', async () => {
    await revoke(of(token('t-40')));
    const first = one.access.current();
    expect(one.access.current().revocations).toBe(first.revocations);
    await revoke(of(token('t-41')));
    const second = one.access.current();
    expect(second.sequence).toBeGreaterThan(first.sequence);
    expect(second.revocations).toContainEqual({ target: token('t-41'), before: NOW + 1, until: NOW + 600 });
  });

  it('lists what is stored, newest first, a page at a time', async () => {
    for (const name of ['t-50', 't-51', 't-52']) await revoke(of(token(name)));
    const [newest, middle] = await one.access.list(CONTEXT, { by: 'token', below: null, limit: 2 });
    expect([newest?.target, middle?.target]).toEqual([token('t-52'), token('t-51')]);
    const rest = await one.access.list(CONTEXT, { by: null, below: middle?.sequence ?? 0, limit: 10 });
    expect(rest.map(({ target }) => target)).toContainEqual(token('t-50'));
    expect(rest.map(({ target }) => target)).not.toContainEqual(token('t-51'));
  });

  it('forgets what ended, and nothing else', async () => {
    await revoke(of(token('t-60'), { until: NOW - 601 }));
    await revoke(of(token('t-61')));
    expect(await one.access.removeEnded()).toBe(1);
    expect(await one.access.removeEnded()).toBe(0);
  });

  it('cuts off something wider, never less, where too many single tokens are revoked', async () => {
    const small = await processOn(db.database, { most: 2 });
    const add = async (target: RevocationTarget): Promise<RevocationTarget> => {
      const kept = await small.access.revoke(CONTEXT, of(target));
      await small.access.announce();
      return kept.target;
    };
    const whose = (subject: string) => ({ ...OF, subject });
    expect(await add(token('f-1'))).toEqual(token('f-1'));
    expect(await add(token('f-2'))).toEqual(token('f-2'));
    expect(await add(token('f-3', whose('u_3')))).toEqual({ by: 'subject', tenant: 'acme', subject: 'u_3' });
    expect(small.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'f-3', subject: 'u_3' })).toBeDefined();
    expect(await add(token('f-4', whose('u_4')))).toMatchObject({ by: 'subject' });
    expect(await add(token('f-5', whose('u_5')))).toEqual({ by: 'client', clientId: 'portal' });
    expect(small.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'f-5', subject: 'u_5' })).toBeDefined();
    const alone = await small.access.revoke(CONTEXT, of(token('f-6', null))).catch((error: unknown) => error);
    expect(isCodedError(alone) ? alone.code : alone).not.toBe('REVOCATIONS_FULL');
    await small.access.announce();
    const refused = await small.access.revoke(CONTEXT, of(token('f-7', null))).catch((error: unknown) => error);
    expect(isCodedError(refused) && refused.code).toBe('REVOCATIONS_FULL');
    await small.feed.stop();
  });

  it('refuses to answer when nothing was ever read, and when nothing was confirmed for 5 minutes', async () => {
    const { database, changeFeed, logger } = { database: one.database, changeFeed: one.feed, logger: one.logger };
    const unread = new DefaultRevocationAccess({ database, changeFeed, clock: one.clock, logger });
    expect(codeOf(() => unread.revokes(CONTEXT, TOKEN))).toBe('REVOCATIONS_UNKNOWN');
    expect(codeOf(() => unread.current())).toBe('REVOCATIONS_UNKNOWN');
    const lonely = await processOn(db.database);
    lonely.clock.advance(300_000);
    expect(codeOf(() => lonely.access.revokes(CONTEXT, TOKEN))).toBeUndefined();
    lonely.clock.advance(1);
    expect(codeOf(() => lonely.access.revokes(CONTEXT, TOKEN))).toBe('REVOCATIONS_UNKNOWN');
    await lonely.feed.stop();
  });
});

describeOnPostgres('Revocations among processes', (open) => {
  it('are known to another at once, by the announcement', async () => {
    const db = await open();
    const [one, other] = [await processOn(db.database), await processOn(await db.reopen())];
    await one.access.revoke(CONTEXT, of(token('p-1')));
    await one.access.announce();
    await until('it is known there', () => other.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'p-1' }) !== undefined);
    await Promise.all([one.feed.stop(), other.feed.stop()]);
  });

  it('are known by the poll where nobody announced them', async () => {
    const db = await open();
    const one = await processOn(db.database);
    const other = await processOn(await db.reopen(), { pollIntervalMs: 50 });
    await one.access.revoke(CONTEXT, of(token('p-2')));
    await until('it is known there', () => other.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'p-2' }) !== undefined);
    await Promise.all([one.feed.stop(), other.feed.stop()]);
  });

  it('are known over a database that was put back to an earlier state', async () => {
    const db = await open();
    const [one, other] = [await processOn(db.database), await processOn(await db.reopen())];
    await one.access.revoke(CONTEXT, of(token('p-3')));
    await one.access.announce();
    await until('it is known there', () => other.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'p-3' }) !== undefined);
    await asOwner(db.database, 'delete from revocation');
    await asOwner(db.database, "delete from data_epoch where tenant_id = '00000000-0000-0000-0000-000000000001'");
    await one.access.revoke(CONTEXT, of(token('p-4')));
    await one.access.announce();
    await until('it is known there', () => other.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'p-4' }) !== undefined);
    expect(other.access.revokes(CONTEXT, { ...TOKEN, tokenId: 'p-3' })).toBeDefined();
    await Promise.all([one.feed.stop(), other.feed.stop()]);
  });

  it('end the answers of a process that knows of a change for 30 seconds and cannot read it', async () => {
    const db = await open();
    const [one, opened] = [await processOn(db.database), await db.reopen()];
    const other = await processOn(opened);
    await asOwner(db.database, 'alter table revocation rename to away');
    other.feed.observe('00000000-0000-0000-0000-000000000001', 1_999_999_999_999);
    expect(codeOf(() => other.access.revokes(CONTEXT, TOKEN))).toBeUndefined();
    await until('a load failed', () => other.logger.lines.some(({ event }) => event === 'revocations.load_failed'));
    other.clock.advance(30_001);
    expect(codeOf(() => other.access.revokes(CONTEXT, TOKEN))).toBe('REVOCATIONS_UNKNOWN');
    await asOwner(db.database, 'alter table away rename to revocation');
    other.clock.advance(1_001);
    await until('it is read again', () => codeOf(() => other.access.revokes(CONTEXT, TOKEN)) === undefined);
    await Promise.all([one.feed.stop(), other.feed.stop()]);
  });
});
