import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { DefaultLiveData } from './default.live-data.js';
import {
  assigned,
  flag,
  granted,
  liveGroup,
  liveSubject,
  liveTenant,
  member,
  PAGE,
  subscribed,
} from './fixtures/live.fixture.js';
import type { LiveChange, LiveKind, LiveRecord } from './live-data.contract.js';

const told = (changes: readonly LiveChange[]) => changes.map(({ ref, outcome }) => `${ref.kind} ${outcome}`);

describeOnEachDatabase('Live data that goes', (open) => {
  let parts: AccessorParts;
  let live: DefaultLiveData;
  let tenants = 0;
  let tenant: string;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    live = new DefaultLiveData(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(async () => {
    tenant = `tenant-${(tenants += 1)}`;
    await put(liveTenant(tenant));
  });

  const put = (...records: LiveRecord[]) => live.put(CONTEXT, tenant, records);
  const remove = (...refs: [LiveKind, string][]) =>
    live.remove(
      CONTEXT,
      tenant,
      refs.map(([kind, name]) => ({ kind, name })),
    );
  const listed = async (kind: LiveKind) => (await live.list(CONTEXT, tenant, { ...PAGE, kind, about: null })).items;
  const log = async () => (await live.changes(CONTEXT, tenant, { ...PAGE, about: null })).items;

  it('takes with a subject what it has and where it is a member, and writes down each', async () => {
    await put(liveGroup('fin'), liveSubject('ana'), liveSubject('bo'), member('ana', 'fin'), member('bo', 'fin'));
    await put(assigned('subject:ana', 'clerk'), granted('subject:ana', ['x:y']), assigned('subject:bo', 'clerk'));
    const before = (await log()).length;
    const changes = await remove(['subject', 'ana']);
    expect(told(changes)).toEqual(['subject removed', 'membership removed', 'assignment removed', 'grant removed']);
    expect(changes[0]).toMatchObject({ before: liveSubject('ana'), after: null });
    const entries = (await log()).slice(0, -before).map(({ change }) => change);
    expect(entries.toReversed()).toEqual(changes);
    expect(await listed('subject')).toEqual([liveSubject('bo')]);
    expect([await listed('membership'), await listed('assignment'), await listed('grant')].map((list) => list.length)).toEqual([
      1, 1, 0,
    ]);
  });

  it('takes a group out of those that it held, and its members and roles with it', async () => {
    await put(
      liveGroup('top'),
      liveGroup('mid', ['top']),
      liveGroup('low', ['mid', 'top']),
      liveSubject('ana'),
      member('ana', 'mid'),
    );
    await put(assigned('group:mid', 'clerk'));
    const changes = await remove(['group', 'mid']);
    expect(told(changes)).toEqual(['group removed', 'membership removed', 'assignment removed', 'group updated']);
    expect(changes.at(-1)).toMatchObject({ before: liveGroup('low', ['mid', 'top']), after: liveGroup('low', ['top']) });
    expect(await listed('group')).toEqual([liveGroup('low', ['top']), liveGroup('top')]);
  });

  it('takes rows of every kind by their names, each once', async () => {
    await put(liveGroup('fin'), liveSubject('ana'));
    const made = await put(
      ...[member('ana', 'fin'), assigned('subject:ana', 'clerk'), granted('group:fin', ['x:y']), subscribed('pro'), flag('f')],
    );
    const refs = made.map(({ ref }): [LiveKind, string] => [ref.kind, ref.name]);
    expect(told(await remove(...refs, ...refs, ['subject', 'ana'], ['group', 'fin']))).toEqual([
      ...made.map(({ ref }) => `${ref.kind} removed`),
      'subject removed',
      'group removed',
    ]);
    for (const kind of ['group', 'subject', 'membership', 'assignment', 'grant', 'subscription', 'flag'] as const) {
      expect(await listed(kind)).toEqual([]);
    }
  });

  it('takes nothing when one of them is not there, and never a tenant', async () => {
    await put(liveSubject('ana'));
    const before = await log();
    await expect(remove(['subject', 'ana'], ['subject', 'Ana'], ['flag', 'f'])).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
      details: { actual: 'subject Ana\nflag f' },
    });
    await expect(remove(['subject', 'ana'], ['tenant', tenant])).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    await expect(live.remove(CONTEXT, 'nowhere', [{ kind: 'subject', name: 'ana' }])).rejects.toMatchObject({
      code: 'LIVE_DATA_UNKNOWN',
    });
    expect(await log()).toEqual(before);
    expect(await listed('subject')).toHaveLength(1);
  });
});

describeOnEachDatabase('Groups in groups', (open) => {
  let live: DefaultLiveData;
  let parts: AccessorParts;
  const tenant = 'nested';

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    live = new DefaultLiveData(parts);
    await live.put(CONTEXT, tenant, [liveTenant(tenant)]);
  });
  afterAll(() => parts.changeFeed.stop());

  const put = (...records: LiveRecord[]) => live.put(CONTEXT, tenant, records);
  const chain = (name: string, length: number) =>
    Array.from({ length }, (_, step) => liveGroup(`${name}${step}`, step === 0 ? [] : [`${name}${step - 1}`]));

  it('may be nested eight steps, however they are put together, and no further', async () => {
    await put(...chain('a', 9));
    await expect(put(liveGroup('a9', ['a8']))).rejects.toMatchObject({
      details: { actual: 'records[0]: group a9 would be in a chain of more than 8 steps' },
    });
    await put(...chain('b', 5), ...chain('c', 4));
    await put(liveGroup('c0', ['b4']));
    await expect(put(liveGroup('d'), liveGroup('b0', ['d']))).rejects.toMatchObject({ code: 'LIVE_DATA_INVALID' });
    await put(liveGroup('b0', []), liveGroup('e', ['a7', 'b4']));
  });

  it('are never inside themselves, neither by one step nor by several, also within one order', async () => {
    await put(liveGroup('x'), liveGroup('y', ['x']), liveGroup('z', ['y']));
    const refused = (...records: LiveRecord[]) =>
      expect(put(...records)).rejects.toMatchObject({ details: { actual: expect.stringContaining('would be inside itself') } });
    await refused(liveGroup('x', ['x']));
    await refused(liveGroup('x', ['z']));
    await refused(liveGroup('p', ['q']), liveGroup('q', ['p']));
    // The other way round is fine when it changes at once.
    await put(liveGroup('x', ['y']), liveGroup('y', ['z']), liveGroup('z', []));
  });
});

describeOnPostgres('Live data of two writers', (open) => {
  it('is compared with what the other one has committed: nothing is made twice, no entry is lost', async () => {
    const test = await open();
    const writers = await Promise.all([test.database, await test.reopen()].map((database) => accessorParts(database)));
    const lives = writers.map((parts) => new DefaultLiveData(parts));
    await lives[0]!.put(CONTEXT, 'acme', [liveTenant('acme'), liveGroup('fin')]);
    const records = Array.from({ length: 20 }, (_, number) => `user-${number}`).flatMap((name) => [
      liveSubject(name),
      member(name, 'fin'),
      assigned(`subject:${name}`, 'clerk'),
    ]);
    const outcomes = await Promise.all(lives.map((live) => live.put(CONTEXT, 'acme', records)));
    expect(outcomes.map((changes) => new Set(changes.map(({ outcome }) => outcome)).size)).toEqual([1, 1]);
    expect(outcomes.flat().filter(({ outcome }) => outcome === 'created')).toHaveLength(60);
    const { items } = await lives[1]!.changes(CONTEXT, 'acme', { ...PAGE, about: null });
    expect(items).toHaveLength(62);
    expect(items.map(({ number }) => number)).toEqual(items.map(({ number }) => number).toSorted((one, other) => other - one));
    await Promise.all(writers.map(({ changeFeed }) => changeFeed.stop()));
  });

  it('cannot make a circle of groups or share an identity by being at it at the same time', async () => {
    const test = await open();
    const writers = await Promise.all([test.database, await test.reopen()].map((database) => accessorParts(database)));
    const [one, other] = writers.map((parts) => new DefaultLiveData(parts));
    await one!.put(CONTEXT, 'acme', [liveTenant('acme'), liveGroup('a'), liveGroup('b')]);
    const circle = [one!.put(CONTEXT, 'acme', [liveGroup('a', ['b'])]), other!.put(CONTEXT, 'acme', [liveGroup('b', ['a'])])];
    expect((await Promise.allSettled(circle)).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const { identities } = liveSubject('ana');
    const claim = [one!, other!].map((live, number) => live.put(CONTEXT, 'acme', [liveSubject(`s${number}`, { identities })]));
    expect((await Promise.allSettled(claim)).map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await Promise.all(writers.map(({ changeFeed }) => changeFeed.stop()));
  });
});
