import { beforeEach, describe, expect, it } from '@jest/globals';
import type { GrantSettings } from '#utilities/config/contract.js';
import type { UsedId, UseOutcome } from '#accessors/grants/contract.js';
import type {
  ClientAuthentication as Registered,
  ClientAuthenticationMethod,
  RegisteredClient,
} from '#accessors/registration/contract.js';
import type { CallerProofs } from '#engines/token-validation/caller-proofs.contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import { MemoryCounters } from '#utilities/telemetry/memory.counters.js';
import { ClientAuthentication } from './client-authentication.js';
import type { ClientCredentials, PresentedKeys } from './contract.js';
import { ShownKeys } from './shown-keys.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000000', transport: 'rest' } as const;
const ALL: readonly ClientAuthenticationMethod[] = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
  'tls_client_auth',
  'self_signed_tls_client_auth',
  'federated',
];
const certificate: PresentedKeys = { certificate: { der: Buffer.from('der'), chainIsTrusted: true }, dpop: null };
const dpop: PresentedKeys = {
  certificate: null,
  dpop: { proof: 'proof', method: 'POST', uri: 'https://auth.test/oauth2/token' },
};
const REFUSED = { accepted: false, code: 'CLIENT_UNAUTHENTICATED', actual: 'found', expected: 'expected' } as const;

const client = (
  methods: readonly ClientAuthenticationMethod[] | undefined,
  changes: Partial<RegisteredClient> = {},
): RegisteredClient => {
  const authentication: Registered | undefined =
    methods === undefined ? undefined : { methods, keys: [], certificates: [], certificateName: null, federated: [] };
  return {
    clientId: 'orders',
    ...(authentication === undefined ? {} : { authentication }),
    ownPresenters: [],
    listedPresenters: [],
    apiAudiences: [],
    targets: [],
    ...changes,
  };
};

/** Everything is accepted; what is tested here is the sequence around it. Assertions are `self:ID` or `of:ISSUER`. */
class World {
  nonces: GrantSettings['dpopNonces'] = 'off';
  registered: RegisteredClient | undefined = client(ALL);
  outcome: UseOutcome | 'unchecked' = 'first';
  allowance = Number.POSITIVE_INFINITY;
  readonly records: unknown[] = [];
  verdicts: Partial<CallerProofs> = {};
  readonly used: UsedId[] = [];
  readonly asked: string[] = [];
  readonly counters = new MemoryCounters();

  authenticate(credentials: ClientCredentials, presented?: PresentedKeys) {
    const callerProofs: CallerProofs = {
      claimedClient: (assertion) => /^self:(.*)/.exec(assertion)?.[1],
      judgeAssertion: () => {
        this.asked.push('assertion');
        return { accepted: true, once: { id: 'jti', until: 99 } };
      },
      judgeFederated: () => {
        this.asked.push('federated');
        return Promise.resolve({ accepted: true, issuer: 'cluster' });
      },
      judgeCertificate: () => {
        this.asked.push('certificate');
        return { accepted: true, method: 'tls_client_auth' };
      },
      judgeDpop: () => ({ accepted: true, confirmation: { jkt: 'thumbprint' }, once: { id: 'proof', until: 99 }, nonce: null }),
      problemOfKey: () => null,
      ...this.verdicts,
    };
    const grantsAccess = {
      useOnce: (_context: unknown, used: UsedId) => {
        this.used.push(used);
        if (this.outcome === 'unchecked') return Promise.reject(new CodedError('REPLAY_UNCHECKED'));
        return Promise.resolve(this.outcome);
      },
    };
    const registrationAccess = {
      authenticateClient: (_context: unknown, _id: string, secret: string) =>
        Promise.resolve(secret === 'right' ? this.registered : undefined),
      clientNamed: (_context: unknown, id: string) => Promise.resolve(id === 'orders' ? this.registered : undefined),
    };
    const dpopNonces = { current: () => 'fresh', isFresh: () => true };
    const shownKeys = new ShownKeys({ callerProofs, dpopNonces, grantsAccess, nonces: this.nonces });
    const auditAccess = { record: (_context: unknown, record: unknown) => Promise.resolve(void this.records.push(record)) };
    const rates = {
      client: () => {
        if (this.allowance === 0) throw new CodedError('CLIENT_RATE_LIMITED');
        this.allowance -= 1;
      },
    };
    const { counters } = this;
    const parts = { registrationAccess, grantsAccess, callerProofs, counters, shownKeys, auditAccess, rates };
    return new ClientAuthentication(parts).authenticate(CONTEXT, credentials, presented);
  }
}

const secret = { method: 'client_secret_basic', clientId: 'orders', clientSecret: 'right' } as const;
const signed = { method: 'client_assertion', clientId: undefined, assertion: 'self:orders' } as const;
const federated = { method: 'client_assertion', clientId: 'orders', assertion: 'of:cluster' } as const;
const id = { method: 'client_id', clientId: 'orders' } as const;

describe('Who calls', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  it.each<[ClientAuthenticationMethod, ClientCredentials, PresentedKeys | undefined]>([
    ['client_secret_basic', secret, undefined],
    ['client_secret_post', { ...secret, method: 'client_secret_post' }, undefined],
    ['private_key_jwt', signed, undefined],
    ['private_key_jwt', { ...signed, clientId: 'orders' }, undefined],
    ['federated', federated, undefined],
    ['tls_client_auth', id, certificate],
  ])('is proven by %s where it is listed, and by nothing else that is', async (method, credentials, presented) => {
    expect(await world.authenticate(credentials, presented)).toMatchObject({
      proven: true,
      method,
      registration: { clientId: 'orders' },
    });
    world.registered = client([method]);
    expect(await world.authenticate(credentials, presented)).toMatchObject({ proven: true, method });
    world.registered = client(ALL.filter((other) => other !== method));
    await expect(world.authenticate(credentials, presented)).rejects.toMatchObject({ code: expect.stringMatching(/^CLIENT_/) });
    world.registered = client(ALL, { kind: 'public' });
    if (credentials.method !== 'client_id')
      await expect(world.authenticate(credentials, presented)).rejects.toBeInstanceOf(CodedError);
  });

  it('is proven by a secret alone where a registration says nothing of methods', async () => {
    world.registered = client(undefined);
    expect(await world.authenticate(secret)).toMatchObject({ proven: true });
    for (const [credentials, presented] of [[signed], [federated], [id, certificate]] as const)
      await expect(world.authenticate(credentials, presented)).rejects.toBeInstanceOf(CodedError);
  });

  it('is nobody with a wrong secret, an unknown id, or what nobody can read; each is counted and nothing is used', async () => {
    const wrong: readonly ClientCredentials[] = [
      { ...secret, clientSecret: 'wrong' },
      { ...federated, clientId: 'nobody' },
      { ...signed, assertion: 'self:nobody' },
      { ...federated, clientId: undefined },
      { method: 'client_id', clientId: 'nobody' },
      { method: 'unreadable' },
    ];
    for (const credentials of wrong) await expect(world.authenticate(credentials)).rejects.toBeInstanceOf(CodedError);
    expect(world.used).toEqual([]);
    expect(Object.fromEntries(world.counters.snapshot())).toEqual({
      'refusals.unauthenticated{client_secret_basic}': 1,
      'refusals.unauthenticated{client_assertion}': 3,
      'refusals.unauthenticated{client_id}': 1,
      'refusals.unauthenticated{unreadable}': 1,
    });
  });

  it('is one client: an assertion of another than the one that is named is ambiguous', async () => {
    await expect(world.authenticate({ ...signed, clientId: 'portal' })).rejects.toMatchObject({
      code: 'CLIENT_AUTHENTICATION_AMBIGUOUS',
    });
    expect([world.asked, world.used]).toEqual([[], []]);
  });

  it('is not asked of an engine by a method that is not listed', async () => {
    world.registered = client(['client_secret_basic']);
    await expect(world.authenticate(signed)).rejects.toMatchObject({ code: 'CLIENT_ASSERTION_INVALID' });
    await expect(world.authenticate(federated)).rejects.toMatchObject({ code: 'CLIENT_ASSERTION_INVALID' });
    expect(world.asked).toEqual([]);
  });

  it('is told nothing of what is wrong with an assertion, which is for the log', async () => {
    world.verdicts = { judgeAssertion: () => ({ ...REFUSED, code: 'CLIENT_ASSERTION_INVALID' }) };
    const details = { field: 'client_assertion', internal: 'found found; expected expected' };
    await expect(world.authenticate(signed)).rejects.toMatchObject({ code: 'CLIENT_ASSERTION_INVALID', details });
    const unknown = await world
      .authenticate({ ...signed, assertion: 'self:nobody' })
      .catch((error: unknown) => error as CodedError);
    expect(unknown).toMatchObject({ code: 'CLIENT_ASSERTION_INVALID', details: { field: 'client_assertion' } });
  });

  it('is a public client perhaps, where nothing is sent or its id alone', async () => {
    expect(await world.authenticate({ method: 'none' })).toEqual({ proven: false, clientId: undefined, shown: [] });
    await expect(world.authenticate(id)).rejects.toMatchObject({ code: 'CLIENT_UNAUTHENTICATED' });
    world.registered = client(undefined, { kind: 'public' });
    expect(await world.authenticate(id)).toEqual({ proven: false, clientId: 'orders', shown: [] });
    expect(await world.authenticate(id, certificate)).toMatchObject({ proven: false, clientId: 'orders' });
    expect(world.asked).toEqual([]);
  });

  it('is nobody with a certificate that is refused', async () => {
    world.verdicts = { judgeCertificate: () => REFUSED };
    await expect(world.authenticate(id, certificate)).rejects.toMatchObject({ code: 'CLIENT_UNAUTHENTICATED' });
  });
});

describe('CVE-2020-15222: the jti of a client assertion', () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });

  it('is used once, in the name of its client, after the signature was proven', async () => {
    await world.authenticate(signed);
    expect(world.used).toEqual([{ use: 'client_assertion', owner: 'orders', id: 'jti', until: 99 }]);
    world.outcome = 'repeated';
    await expect(world.authenticate(signed)).rejects.toMatchObject({ code: 'CLIENT_ASSERTION_REPEATED' });
  });

  it('is not used up by an assertion that is refused', async () => {
    world.verdicts = { judgeAssertion: () => REFUSED };
    await expect(world.authenticate(signed)).rejects.toBeInstanceOf(CodedError);
    expect(world.used).toEqual([]);
  });

  it('is told where this process alone could tell', async () => {
    world.outcome = 'first-here';
    expect(await world.authenticate(signed)).toMatchObject({ proven: true, singleUse: 'first-here' });
    expect(await world.authenticate(secret)).not.toHaveProperty('singleUse');
  });
});

describe('Where public clients need a nonce in their proofs', () => {
  it('a certificate that anybody could have made does not make one of the others', async () => {
    const world = new World();
    world.nonces = 'public-clients';
    world.registered = client(ALL, { kind: 'public' });
    for (const presented of [dpop, { ...dpop, ...certificate, dpop: dpop.dpop }])
      for (const credentials of [id, { method: 'none' }] as const)
        await expect(world.authenticate(credentials, presented)).rejects.toMatchObject({ code: 'DPOP_NONCE_REQUIRED' });
    world.registered = client(ALL);
    expect(await world.authenticate(signed, dpop)).toMatchObject({ proven: true });
  });
});

describe('A proof that was used before', () => {
  const refused = { code: 'DPOP_PROOF_INVALID' };
  let world: World;
  beforeEach(() => {
    world = new World();
    world.outcome = 'repeated';
  });

  it('has a record where its client is proven, before the answer', async () => {
    await expect(world.authenticate(secret, dpop)).rejects.toMatchObject(refused);
    expect(world.records).toMatchObject([
      { outcome: 'refused', clientId: 'orders', code: 'DPOP_PROOF_INVALID', detail: 'the jti was used before' },
    ]);
  });

  it('has none beyond the allowance of its client', async () => {
    world.allowance = 2;
    for (const code of ['DPOP_PROOF_INVALID', 'DPOP_PROOF_INVALID', 'CLIENT_RATE_LIMITED', 'CLIENT_RATE_LIMITED'])
      await expect(world.authenticate(secret, dpop)).rejects.toMatchObject({ code });
    expect(world.records).toHaveLength(2);
  });

  it('has none where nobody is proven, by an assertion that was used before neither, nor where nobody could tell', async () => {
    await expect(world.authenticate({ ...secret, clientSecret: 'wrong' }, dpop)).rejects.toBeInstanceOf(CodedError);
    await expect(world.authenticate(signed, dpop)).rejects.toMatchObject({ code: 'CLIENT_ASSERTION_REPEATED' });
    world.outcome = 'unchecked';
    world.allowance = 0;
    await expect(world.authenticate(secret, dpop)).rejects.toMatchObject({ code: 'REPLAY_UNCHECKED' });
    expect(world.records).toEqual([]);
  });
});

describe('CVE-2026-4282: one store of used ids for several features', () => {
  it('knows assertions and proofs apart, and marks the proof of nobody', async () => {
    const world = new World();
    await world.authenticate(signed, dpop);
    expect(world.used.map(({ use, owner }) => [use, owner])).toEqual([
      ['client_assertion', 'orders'],
      ['dpop_proof', 'thumbprint'],
    ]);
    const nobody = await world.authenticate({ method: 'none' }, dpop);
    expect(nobody).toMatchObject({ proven: false, shown: [{ jkt: 'thumbprint' }], usedOnce: { use: 'dpop_proof' } });
    await expect(world.authenticate({ ...secret, clientSecret: 'wrong' }, dpop)).rejects.toBeInstanceOf(CodedError);
    expect(world.used).toHaveLength(2);
  });
});
