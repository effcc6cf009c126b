import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase } from '../../test/support/database.js';
import type { ClientAuthentication, ClientRegistration } from './contract.js';
import { DefaultRegistrationAccess } from './default.registration.access.js';

const AUTHENTICATION: ClientAuthentication = {
  methods: ['private_key_jwt', 'federated'],
  keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), kid: 'k2' }],
  certificates: ['thumbprint'],
  certificateName: { kind: 'san_uri', value: 'spiffe://prod/orders' },
  federated: [{ issuer: 'cluster', subject: 'system:serviceaccount:prod:orders', audience: 'https://auth.test' }],
};

describeOnEachDatabase('RegistrationAccess: how clients prove themselves', (open) => {
  let parts: AccessorParts;
  let access: DefaultRegistrationAccess;
  let made = 0;
  let clientId: string;
  let presenter: { issuer: string; id: string };

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    access = new DefaultRegistrationAccess(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(() => {
    made += 1;
    clientId = `client-${made}`;
    presenter = { issuer: 'contoso', id: `spa-${made}` };
  });

  const register = async (changes: Partial<ClientRegistration>) => {
    const outcome = await access.registerClient(CONTEXT, {
      clientId,
      status: 'active',
      secretSha256: [],
      ownPresenters: [],
      listedPresenters: [],
      apiAudiences: [],
      targets: [],
      ...changes,
    });
    await parts.changeFeed.announce();
    return outcome;
  };
  const named = () => access.clientNamed(CONTEXT, clientId);
  const found = () => access.publicClientOf(CONTEXT, presenter);

  it('keeps everything that is registered, and takes the order of nothing for a change', async () => {
    const whole = {
      authentication: AUTHENTICATION,
      origins: ['https://b.test', 'https://a.test'],
      binding: 'required',
      serves: ['https://api.test/orders'],
      targets: [
        {
          audience: 'https://api.test/billing',
          scopes: ['billing:**'],
          delegationCeiling: [],
          hops: [{ from: 'https://api.test/orders', ceiling: ['billing:invoice:read'] }],
          impersonation: ['billing:invoice:read'],
          tenantPairs: [{ actor: 'acme', subject: 'beta' }],
        },
      ],
    } as const;
    expect(await register(whole)).toBe('created');
    expect(await named()).toEqual({
      clientId,
      kind: 'confidential',
      ...whole,
      origins: ['https://a.test', 'https://b.test'],
      ownPresenters: [],
      listedPresenters: [],
      apiAudiences: [],
      checks: [],
      explains: false,
    });
    const turned = { ...AUTHENTICATION, methods: [...AUTHENTICATION.methods].reverse() };
    expect(await register({ ...whole, authentication: turned, origins: [...whole.origins].reverse() })).toBe('unchanged');
  });

  it('sees each change of what it keeps', async () => {
    await register({ authentication: AUTHENTICATION });
    const target = { audience: 'https://api.test/billing', scopes: [], delegationCeiling: [] };
    const states: Partial<ClientRegistration>[] = [
      { authentication: { ...AUTHENTICATION, keys: [] } },
      { authentication: { ...AUTHENTICATION, certificateName: null } },
      {},
      { origins: ['https://a.test'] },
      { binding: 'optional' },
      { kind: 'public' },
      { serves: ['https://api.test/orders'] },
      { targets: [target] },
      { targets: [{ ...target, hops: [{ from: 'https://api.test/orders', ceiling: [] }] }] },
      { targets: [{ ...target, impersonation: ['a:b:c'] }] },
      { targets: [{ ...target, tenantPairs: [{ actor: 'a', subject: 'b' }] }] },
    ];
    for (const state of states) {
      expect(await register(state)).toBe('updated');
      expect(await register(state)).toBe('unchanged');
    }
  });

  it('finds a public client by its own id at an issuer, and by nothing else', async () => {
    await register({ kind: 'public', ownPresenters: [presenter], listedPresenters: [{ issuer: 'contoso', id: 'listed' }] });
    expect(await found()).toBe(await named());
    for (const other of [
      { issuer: 'contoso', id: 'listed' },
      { ...presenter, issuer: 'other' },
      { ...presenter, id: clientId },
    ])
      expect(await access.publicClientOf(CONTEXT, other)).toBeUndefined();
  });

  it('finds no confidential client, no disabled one, and nobody where two say that they are it', async () => {
    await register({ ownPresenters: [presenter] });
    expect(await found()).toBeUndefined();
    await register({ kind: 'public', ownPresenters: [presenter] });
    expect(await found()).toBeDefined();
    await register({ kind: 'public', ownPresenters: [presenter], status: 'disabled' });
    expect([await found(), await named()]).toEqual([undefined, undefined]);
    await register({ kind: 'public', ownPresenters: [presenter] });
    await register({ clientId: `${clientId}-twin`, kind: 'public', ownPresenters: [presenter] });
    expect(await found()).toBeUndefined();
  });

  it('takes no secret of a public client, also where one is stored', async () => {
    const secret = `cs_${randomBytes(32).toString('base64url')}`;
    const secretSha256 = [createHash('sha256').update(secret).digest('hex')];
    await register({ secretSha256 });
    expect(await access.authenticateClient(CONTEXT, clientId, secret)).toBeDefined();
    await register({ kind: 'public', secretSha256 });
    expect(await access.authenticateClient(CONTEXT, clientId, secret)).toBeUndefined();
  });

  it('leaves secrets as they are where a registration says nothing of them', async () => {
    const secret = `cs_${randomBytes(32).toString('base64url')}`;
    await register({ secretSha256: [createHash('sha256').update(secret).digest('hex')] });
    expect(await register({ secretSha256: null })).toBe('unchanged');
    expect(await register({ secretSha256: null, explains: true })).toBe('updated');
    expect(await access.authenticateClient(CONTEXT, clientId, secret)).toBeDefined();
    await register({ secretSha256: [] });
    expect(await access.authenticateClient(CONTEXT, clientId, secret)).toBeUndefined();
  });

  it('tells the origins of active public clients alone, the very same set until something changes', async () => {
    await register({ kind: 'public', origins: ['https://app.test'] });
    await register({ clientId: `${clientId}-b`, origins: ['https://confidential.test'] });
    const origins = await access.publicOrigins();
    expect([origins.has('https://app.test'), origins.has('https://confidential.test')]).toEqual([true, false]);
    await register({ clientId: `${clientId}-b`, origins: [] });
    expect(await access.publicOrigins()).toBe(origins);
    await register({ kind: 'public', origins: ['https://app.test'], status: 'disabled' });
    expect((await access.publicOrigins()).has('https://app.test')).toBe(false);
  });

  it('asks the database nothing for presenters and ids that nobody registered', async () => {
    await found();
    const before = parts.database.statements;
    for (let number = 0; number < 20; number += 1) {
      await access.publicClientOf(CONTEXT, { issuer: 'contoso', id: `nobody-${number}` });
      await access.clientNamed(CONTEXT, `nobody-${number}`);
    }
    expect(parts.database.statements).toBe(before);
  });
});
