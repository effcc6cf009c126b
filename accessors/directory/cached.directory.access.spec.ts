import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { CachedDirectoryAccess } from './cached.directory.access.js';
import type { DirectorySubject, GroupMembership } from './contract.js';

const context = { diagnosticId: 'd', transport: 'rest' } as const;
const carol: DirectorySubject = { kind: 'user', issuer: 'contoso', instance: 'entra:public:t', externalId: 'c', token: 'x.y.z' };
const member: GroupMembership = { status: 'resolved', groups: ['g1'] };

function cached(answer: () => Promise<GroupMembership>, onBehalfOf = false) {
  const clock = new ManualClock();
  const asked: (readonly string[])[] = [];
  const inner = {
    groupsOf: (...[, , groups]: readonly [unknown, unknown, readonly string[]]) => {
      asked.push(groups);
      return answer();
    },
  };
  const access = new CachedDirectoryAccess({ inner, clock, isOnBehalfOf: () => onBehalfOf });
  const ask = (groups = ['g1', 'g2'], subject = carol) => access.groupsOf(context, subject, groups);
  return { clock, asked, ask };
}

describe('CachedDirectoryAccess', () => {
  it('remembers a membership for 5 min, whatever the order of the groups', async () => {
    const { clock, asked, ask } = cached(() => Promise.resolve(member));
    expect(await ask()).toEqual(member);
    clock.advance(299_999);
    expect(await ask(['g2', 'g1'])).toEqual(member);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await ask();
    expect(asked).toHaveLength(2);
  });

  it('asks once for all who ask the same at once', async () => {
    const { asked, ask } = cached(() => new Promise((resolve) => setImmediate(resolve, member)));
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask()));
    expect(asked).toHaveLength(1);
    expect(new Set(answers).size).toBe(1);
  });

  it.each<[string, Partial<DirectorySubject>, string[]]>([
    ['another subject', { externalId: 'd' }, ['g1', 'g2']],
    ['another tenant', { instance: 'entra:public:u' }, ['g1', 'g2']],
    ['another issuer', { issuer: 'fabrikam' }, ['g1', 'g2']],
    ['a workload of the same id', { kind: 'workload' }, ['g1', 'g2']],
    ['other groups', {}, ['g1']],
    ['groups that only look the same when joined', {}, ['g1,g2']],
  ])('never answers %s from memory', async (_, changes, groups) => {
    const { asked, ask } = cached(() => Promise.resolve(member));
    await ask();
    await ask(groups, { ...carol, ...changes });
    expect(asked).toHaveLength(2);
  });

  it.each<[string, GroupMembership]>([
    ['no membership', { status: 'resolved', groups: [] }],
    ['a refusal', { status: 'unresolved', reason: 'unknown' }],
  ])('believes %s for 30 s and no longer', async (_, answer) => {
    const { clock, asked, ask } = cached(() => Promise.resolve(answer));
    await ask();
    clock.advance(29_999);
    expect(await ask()).toEqual(answer);
    expect(asked).toHaveLength(1);
    clock.advance(1);
    await ask();
    expect(asked).toHaveLength(2);
  });

  it.each<[string, () => Promise<GroupMembership>]>([
    ['what is transient', () => Promise.resolve({ status: 'unresolved', reason: 'away', retryAfterSeconds: 1 })],
    ['what is thrown', () => Promise.reject(new Error('ours'))],
  ])('remembers nothing of %s', async (_, answer) => {
    const { asked, ask } = cached(answer);
    await ask().catch(() => undefined);
    await ask().catch(() => undefined);
    expect(asked).toHaveLength(2);
  });

  it('on behalf of subjects, a refusal is for one token alone and a membership for all', async () => {
    let answer: GroupMembership = { status: 'unresolved', reason: 'sign in again' };
    const { asked, ask } = cached(() => Promise.resolve(answer), true);
    await ask();
    answer = member;
    expect(await ask(['g1', 'g2'], { ...carol, token: 'newer.y.z' })).toEqual(member);
    expect(await ask(['g1', 'g2'], { ...carol, token: 'newest.y.z' })).toEqual(member);
    expect(asked).toHaveLength(2);
  });
});
