import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { madeUpGroup } from '#devkit/entra-issuer/directory-state.js';
import { DEV_APPROVERS_GROUP_ID as APPROVERS, personaNamed } from '#devkit/entra-issuer/personas.js';
import type { DirectoryCredential } from '#utilities/config/contract.js';
import { CONTEXT, DirectoryWorld } from './fixtures/directory-world.fixture.js';

const world = new DirectoryWorld();
const STRANGER = '00000000-0000-4000-8000-00000000abcd';

beforeAll(() => world.start());
afterAll(() => world.stop());
afterEach(async () => {
  world.issuer.directory.calm();
  await world.issuer.turn({ outage: null });
  world.logger.lines.length = 0;
  world.clock.advance(Date.now() - world.clock.now());
});

const groups = (count: number, from = 0): string[] => Array.from({ length: count }, (_, index) => madeUpGroup(from + index));

describe('GraphDirectoryAccess with the real msal-node', () => {
  it.each(['secretFile', 'certificateFile', 'federatedTokenFile'] as const)('gets in with %s', async (kind) => {
    const access = world.bare({ credential: world.credential(kind) });
    const before = world.calls;
    const answer = await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS, STRANGER]);
    expect(answer).toEqual({ status: 'resolved', groups: [APPROVERS] });
    // Nothing is discovered: no address comes from the network.
    expect(world.calls).toEqual({ token: before.token + 1, graph: before.graph + 1, all: before.all + 2 });
  });

  it('gets in with the managed identity of the platform', async () => {
    const identity = world.issuer.managedIdentity();
    process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = await identity.start();
    try {
      const access = world.bare({ credential: { kind: 'managedIdentity' }, clientId: null });
      expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ groups: [APPROVERS] });
      await access.groupsOf(CONTEXT, world.subject('alice'), [APPROVERS]);
      expect(identity.requests).toBe(1);
      // A refused token is not had once more from the memory of the library, which the whole process shares.
      world.issuer.directory.revokeTokens();
      expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ groups: [APPROVERS] });
      expect(identity.requests).toBe(2);
      identity.status = 410;
      const later = await world
        .bare({ credential: { kind: 'managedIdentity' } })
        .groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
      expect(later).toMatchObject({ status: 'unresolved', retryAfterSeconds: 1 });
      expect(identity.requests).toBe(3);
    } finally {
      delete process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'];
      await identity.stop();
    }
  });

  it('asks for the mapped groups alone, 20 at a time', async () => {
    const access = world.bare();
    const before = world.calls.graph;
    const asked = [...groups(30), ...groups(15, 1000)];
    const answer = await access.groupsOf(CONTEXT, world.subject('carol'), asked);
    expect(answer).toEqual({ status: 'resolved', groups: groups(30) });
    expect(world.calls.graph - before).toBe(3);
  });

  it('answers the groups as the policy spells them', async () => {
    const shouted = APPROVERS.toUpperCase();
    expect(await world.bare().groupsOf(CONTEXT, world.subject('carol'), [shouted])).toMatchObject({ groups: [shouted] });
  });

  it('asks for a workload among the service principals', async () => {
    const { objectId } = personaNamed('svc-billing');
    world.issuer.directory.add(objectId);
    const before = world.issuer.hits(`/v1.0/servicePrincipals/${objectId}/`);
    const answer = await world.bare().groupsOf(CONTEXT, world.subject('svc-billing'), [APPROVERS]);
    expect(answer).toEqual({ status: 'resolved', groups: [] });
    expect(world.issuer.hits(`/v1.0/servicePrincipals/${objectId}/`) - before).toBe(1);
  });

  it('keeps the token of the application for its life, and asks once for all', async () => {
    const access = world.bare();
    const before = world.calls.token;
    await Promise.all(
      ['carol', 'carol', 'alice'].map((name) => access.groupsOf(CONTEXT, world.subject(name as 'carol'), [APPROVERS])),
    );
    expect(world.calls.token - before).toBe(1);
    world.clock.advance(56 * 60_000);
    await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    expect(world.calls.token - before).toBe(2);
  });

  it('gets a new token when Graph takes the kept one no longer, once', async () => {
    const access = world.bare();
    await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    const before = world.calls.token;
    world.issuer.directory.revokeTokens();
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ status: 'resolved' });
    expect(world.calls.token - before).toBe(1);
    world.issuer.directory.turnGraph({ status: 401 });
    await expect(access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(world.calls.token - before).toBe(2);
  });

  it('takes a rotated secret without a restart', async () => {
    const file = world.write('rotating', 'stale');
    const access = world.bare({ credential: { kind: 'secretFile', file } });
    await expect(access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).rejects.toMatchObject({ code: 'INTERNAL' });
    world.write('rotating', world.issuer.directory.secret);
    world.clock.advance(16_000);
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ status: 'resolved' });
  });
});

describe('A subject that is not the business of the directory', () => {
  it.each([
    ['another tenant', { instance: `entra:devkit:${STRANGER}` }],
    ['another issuer', { issuer: 'fabrikam' }],
    ['another kind of issuer', { instance: 'oidc:https://idp.test' }],
    ['no object id, but a path', { externalId: '../me' }],
  ])('of %s is not asked for', async (_, changes) => {
    const before = world.calls.all;
    const answer = await world.bare().groupsOf(CONTEXT, world.subject('carol', changes), [APPROVERS]);
    expect(answer).toMatchObject({ status: 'unresolved' });
    expect(answer).not.toHaveProperty('retryAfterSeconds');
    expect(world.calls.all).toBe(before);
  });

  it('is not asked for when a mapped group is no object id: its membership cannot be told', async () => {
    const before = world.calls.all;
    const answer = await world.bare().groupsOf(CONTEXT, world.subject('carol'), [APPROVERS, 'CONTOSO\\approvers']);
    expect(answer).toMatchObject({ status: 'unresolved', reason: expect.stringContaining('not an object id') });
    expect(world.calls.all).toBe(before);
  });
});

describe('What is wrong with our own credential', () => {
  const unregistered = (): DirectoryCredential => world.credential('certificateFile');
  it.each<[string, () => DirectoryCredential, string]>([
    ['a wrong secret', () => ({ kind: 'secretFile', file: world.write('wrong', 'guess') }), 'invalid_client AADSTS7000215'],
    ['a file that is gone', () => ({ kind: 'secretFile', file: world.file('gone') }), 'cannot be read'],
    [
      'a certificate that is not registered',
      () => {
        world.issuer.directory.certificates.length = 0;
        return unregistered();
      },
      'invalid_client AADSTS700027',
    ],
    [
      'a key of another certificate',
      () => ({ kind: 'certificateFile', certFile: world.file('ca.pem'), keyFile: world.file('key.pem') }),
      'not that of the certificate',
    ],
    [
      'a federated token that nobody trusts',
      () => {
        world.writeFederatedToken({ sub: 'system:serviceaccount:sts:default' });
        return world.credential('federatedTokenFile');
      },
      'invalid_client AADSTS70021',
    ],
    [
      'a federated token that has ended',
      () => {
        world.writeFederatedToken({ exp: 1 });
        return world.credential('federatedTokenFile');
      },
      'invalid_client AADSTS700024',
    ],
  ])('%s is a fault of ours: INTERNAL for the caller, a precise line for the operator', async (_, credential, reason) => {
    const access = world.bare({ credential: credential() });
    const before = world.calls.token;
    const attempt = (): Promise<unknown> => access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    await expect(attempt()).rejects.toMatchObject({ code: 'INTERNAL' });
    await expect(attempt()).rejects.toMatchObject({ code: 'INTERNAL' });
    // The second is answered from memory.
    expect(world.calls.token - before).toBeLessThanOrEqual(1);
    expect(world.logger.lines[0]).toMatchObject({
      level: 'error',
      event: 'directory.misconfigured',
      fields: { diagnosticId: CONTEXT.diagnosticId, reason: expect.stringContaining(reason) },
    });
  });

  it('a permission that nobody consented to is one too', async () => {
    world.issuer.directory.turnRegistration({ consented: false });
    const attempt = world.bare().groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    await expect(attempt).rejects.toMatchObject({
      code: 'INTERNAL',
      details: { internal: expect.stringContaining('403 Authorization_RequestDenied') },
    });
  });
});

describe('A directory that is away', () => {
  const graph = (knobs: Parameters<typeof world.issuer.directory.turnGraph>[0]) => async () => {
    world.issuer.directory.turnGraph(knobs);
  };
  const registration = (knobs: Parameters<typeof world.issuer.directory.turnRegistration>[0]) => async () => {
    world.issuer.directory.turnRegistration(knobs);
  };
  it('is not asked again before Retry-After is over, whoever asks', async () => {
    const access = world.bare();
    world.issuer.directory.turnGraph({ status: 429, retryAfter: '17.2' });
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ retryAfterSeconds: 18 });
    const before = world.calls.all;
    world.issuer.directory.calm();
    world.clock.advance(10_000);
    expect(await access.groupsOf(CONTEXT, world.subject('alice'), [APPROVERS])).toMatchObject({ retryAfterSeconds: 8 });
    expect(world.calls.all).toBe(before);
    world.clock.advance(8_000);
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ status: 'resolved' });
  });

  it.each([
    ['throttled at the login host', registration({ trouble: 'throttled', retryAfter: '60' }), 60, /status 429/],
    ['with a transient error there', registration({ trouble: 'transient' }), 1, /AADSTS90033/],
    ['failing', graph({ status: 503 }), 1, /503/],
    ['redirecting', graph({ status: 302 }), 1, /302/],
    ['answering nonsense', graph({ malformed: true }), 1, /no list of groups/],
    ['refusing connections', () => world.issuer.turn({ outage: 'refused' }), 1, /ECONNREFUSED/],
  ])('%s is unresolved for a time and never an empty list', async (_, turn, seconds, reason) => {
    const access = world.bare();
    await turn();
    const answer = await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    expect(answer).toEqual({ status: 'unresolved', reason: expect.stringMatching(reason), retryAfterSeconds: seconds });
  });

  it('is waited for longer each time', async () => {
    const access = world.bare();
    world.issuer.directory.turnGraph({ status: 500 });
    const waits: unknown[] = [];
    for (let time = 0; time < 7; time++) {
      const answer = await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
      waits.push('retryAfterSeconds' in answer ? answer.retryAfterSeconds : answer);
      world.clock.advance(30_000);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30]);
    world.issuer.directory.calm();
    await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS]);
    world.issuer.directory.turnGraph({ status: 500 });
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), [APPROVERS])).toMatchObject({ retryAfterSeconds: 1 });
  });

  it.each([0, 1, 2])('answers all or nothing: %i batches of three are not enough', async (spared) => {
    const access = world.bare();
    world.issuer.directory.turnGraph({ status: 500, spared });
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), groups(45))).toMatchObject({ status: 'unresolved' });
    world.issuer.directory.calm();
    world.clock.advance(1_000);
    expect(await access.groupsOf(CONTEXT, world.subject('carol'), groups(45))).toMatchObject({ groups: groups(45) });
  });

  it('does not know somebody who was deleted, which no retry will change', async () => {
    const answer = await world.bare().groupsOf(CONTEXT, world.subject('carol', { externalId: STRANGER }), [APPROVERS]);
    expect(answer).toEqual({ status: 'unresolved', reason: expect.stringContaining('404') });
  });
});
