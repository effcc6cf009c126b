import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RegisteredClient } from '#accessors/registration/contract.js';
import type { UnprovenClient } from '#managers/authorization/contract.js';
import { DelegationWorld } from './delegation.world.js';

const client = (clientId: string, kind: 'public' | 'confidential'): RegisteredClient => ({
  clientId,
  kind,
  ownPresenters: [{ issuer: 'keycloak', id: `${clientId}-at-idp` }],
  listedPresenters: [],
  apiAudiences: [],
  targets: [{ audience: 'a', scopes: ['a:**'], delegationCeiling: [] }],
});
const CLIENTS = [client('spa', 'public'), client('web', 'confidential')];
const KEY = { jkt: 'key' };
const nobody = (changes: Partial<UnprovenClient> = {}): UnprovenClient => ({
  proven: false,
  clientId: undefined,
  shown: [KEY],
  ...changes,
});

describe('A caller without credentials', () => {
  let world: DelegationWorld;
  beforeEach(() => {
    const applications = [
      {
        id: 'a',
        audience: 'a',
        prefix: 'a',
        permissions: [{ name: 'a:x:read', bit: 0 }],
        allowsEmptyPermissions: false,
        tokenLifetimeSeconds: null,
      },
    ];
    world = new DelegationWorld({ clients: CLIENTS, applications, audiences: ['api'] });
  });

  const token = (presenter: string, changes: object = {}): string =>
    world.upstreamToken({ aud: 'api', client_id: presenter, ...changes });
  const codeOf = async (caller: UnprovenClient, subjectToken: string | undefined): Promise<string> => {
    const outcome = await world.exchangeAs(caller, { subjectToken, audience: ['a'] });
    return 'code' in outcome ? outcome.code : `${outcome.type} ${String(outcome.claims['client_id'])}`;
  };

  it('is the public client that the verified token was issued to', async () => {
    expect(await codeOf(nobody(), token('spa-at-idp'))).toBe('DPoP spa');
    expect(await codeOf(nobody({ clientId: 'spa' }), token('spa-at-idp'))).toBe('DPoP spa');
    expect(world.records).toMatchObject([{ clientId: 'spa', case: 'own', detail: 'bound by jkt' }, { clientId: 'spa' }]);
  });

  it('is nobody where the token names no public client, or another than the request, and leaves no record', async () => {
    const ours = await world.exchangeAs(nobody(), { subjectToken: token('spa-at-idp'), audience: ['a'] });
    world.records.length = 0;
    const tries: readonly (readonly [UnprovenClient, string | undefined])[] = [
      [nobody(), token('web-at-idp')],
      [nobody({ clientId: 'web' }), token('web-at-idp')],
      [nobody({ clientId: 'web' }), token('spa-at-idp')],
      [nobody(), token('stranger')],
      [nobody(), token('spa-at-idp', { client_id: undefined })],
      [nobody(), token('spa-at-idp', { exp: 1 })],
      [nobody({ clientId: 'web' }), token('spa-at-idp', { exp: 1 })],
      [nobody({ clientId: 'unknown' }), 'nonsense'],
      [nobody(), undefined],
      [nobody(), 'token' in ours ? ours.token : undefined],
    ];
    for (const [caller, subjectToken] of tries) expect(await codeOf(caller, subjectToken)).toBe('CLIENT_UNAUTHENTICATED');
    expect(world.records).toEqual([]);
    expect(world.counters.snapshot().get('refusals.unauthenticated{public}')).toBe(tries.length);
  });

  it('is told what is wrong with its token where it names a public client, and leaves no record of that either', async () => {
    const spa = nobody({ clientId: 'spa' });
    expect(await codeOf(spa, token('spa-at-idp', { iat: 1, exp: 2 }))).toBe('TOKEN_EXPIRED');
    expect(await codeOf(spa, token('spa-at-idp', { aud: 'other' }))).toBe('TOKEN_AUDIENCE_MISMATCH');
    expect(world.records).toEqual([]);
  });

  it('is recorded once it is known, whatever is refused then', async () => {
    const unbound = nobody({ shown: [] });
    expect(await codeOf(unbound, token('spa-at-idp'))).toBe('BINDING_REQUIRED');
    const asked = { subjectToken: token('spa-at-idp'), audience: ['b'] };
    expect(await world.exchangeAs(nobody(), asked)).toEqual({ code: 'TARGET_UNKNOWN' });
    const impersonating = { subjectToken: token('spa-at-idp'), audience: ['a'], impersonation: true };
    expect(await world.exchangeAs(nobody(), impersonating)).toEqual({ code: 'IMPERSONATION_NOT_ALLOWED' });
    expect(world.records.map(({ clientId, outcome }) => `${clientId} ${outcome}`)).toEqual(Array(3).fill('spa refused'));
  });

  it('uses the proof of its key once, and says in the record where that could not be told for sure', async () => {
    const usedOnce = { use: 'dpop_proof', owner: 'key', id: 'jti', until: 0 } as const;
    expect(await codeOf(nobody({ usedOnce }), token('spa-at-idp'))).toBe('DPoP spa');
    world.use = 'repeated';
    expect(await codeOf(nobody({ usedOnce }), token('spa-at-idp'))).toBe('DPOP_PROOF_INVALID');
    expect(await codeOf(nobody({ usedOnce }), token('stranger'))).toBe('CLIENT_UNAUTHENTICATED');
    world.use = 'first-here';
    expect(await codeOf(nobody({ usedOnce }), token('spa-at-idp'))).toBe('DPoP spa');
    expect(world.records.at(-1)).toMatchObject({ detail: 'bound by jkt; single use of the proof known to this process alone' });
  });
});
