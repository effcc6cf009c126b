import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { accessorParts, CONTEXT, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import type { ApplicationPermission, ApplicationRegistration, ClientRegistration } from './contract.js';
import { DefaultRegistrationAccess } from './default.registration.access.js';

const newSecret = (): string => `cs_${randomBytes(32).toString('base64url')}`;
const sha256 = (secret: string): string => createHash('sha256').update(secret).digest('hex');

function registration(
  clientId: string,
  secrets: readonly string[],
  changes: Partial<ClientRegistration> = {},
): ClientRegistration {
  return {
    clientId,
    status: 'active',
    secretSha256: secrets.map(sha256),
    ownPresenters: [{ issuer: 'contoso', id: 'azp-1' }],
    listedPresenters: [],
    apiAudiences: [{ issuer: 'contoso', id: 'api://orders' }],
    targets: [{ audience: 'https://api.test/billing', scopes: ['billing:**'], delegationCeiling: ['billing:invoice:*'] }],
    kind: 'confidential',
    origins: [],
    serves: [],
    checks: [],
    explains: false,
    ...changes,
  };
}

function application(
  audience: string,
  permissions: readonly string[],
  changes: Partial<ApplicationRegistration> = {},
): ApplicationRegistration {
  const named = permissions.map((name) => ({ name: `billing:${name}:read` }));
  return {
    audience,
    prefix: 'billing',
    permissions: named,
    allowsEmptyPermissions: false,
    tokenLifetimeSeconds: null,
    ...changes,
  };
}

/** A permission as it is answered when nothing is said of it but its name. */
const offered = (name: string, bit: number): ApplicationPermission => ({
  name: `billing:${name}:read`,
  bit,
  risk: 'low',
  maxLifetimeSeconds: null,
});

describeOnEachDatabase('RegistrationAccess', (open) => {
  let parts: AccessorParts;
  let access: DefaultRegistrationAccess;
  let made = 0;
  let clientId: string;
  let secret: string;
  let audience: string;

  beforeAll(async () => {
    parts = await accessorParts((await open()).database);
    access = new DefaultRegistrationAccess(parts);
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(() => {
    made += 1;
    clientId = `client-${made}`;
    secret = newSecret();
    audience = `https://api.test/${made}`;
  });

  const register = async (client: ClientRegistration) => {
    const outcome = await access.registerClient(CONTEXT, client);
    await parts.changeFeed.announce();
    return outcome;
  };
  const authenticate = (presented = secret, id = clientId) => access.authenticateClient(CONTEXT, id, presented);
  const catalogue = async () => {
    await parts.changeFeed.announce();
    return (await access.applicationFor(CONTEXT, audience))?.permissions;
  };
  const statementsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const before = parts.database.statements;
    await work();
    return parts.database.statements - before;
  };

  it('answers the client that the id and secret belong to, whole and without its secrets', async () => {
    const { status, secretSha256, ...client } = registration(clientId, [secret]);
    expect(await register({ ...client, status, secretSha256 })).toBe('created');
    expect(await authenticate()).toEqual(client);
  });

  it('answers nobody for an unknown client, a wrong secret and a disabled client alike', async () => {
    await register(registration(clientId, [secret]));
    expect(await authenticate(secret, 'nobody')).toBeUndefined();
    expect(await authenticate(newSecret())).toBeUndefined();
    await register(registration(clientId, [secret], { status: 'disabled' }));
    expect(await authenticate()).toBeUndefined();
  });

  it("never takes one client's secret for another's, nor an id that differs in case", async () => {
    await register(registration(clientId, [secret]));
    await register(registration(`${clientId}-other`, [newSecret()]));
    expect(await authenticate(secret, `${clientId}-other`)).toBeUndefined();
    expect(await authenticate(secret, clientId.toUpperCase())).toBeUndefined();
  });

  it('takes both secrets while one is replaced by the other, and then only the new one', async () => {
    const next = newSecret();
    await register(registration(clientId, [secret, next]));
    expect([await authenticate(secret), await authenticate(next)].map(Boolean)).toEqual([true, true]);
    expect(await register(registration(clientId, [next]))).toBe('updated');
    expect([await authenticate(secret), await authenticate(next)].map(Boolean)).toEqual([false, true]);
  });

  it('takes no secret after its end', async () => {
    await register(registration(clientId, [secret]));
    const end = `update client_secret set expires_at = now() + $2::interval where client_id = $1`;
    await parts.database.query(end, [clientId, '1 hour']);
    await parts.changeFeed.announce();
    expect(await authenticate()).toBeDefined();
    expect(await register(registration(clientId, [secret]))).toBe('unchanged');
    await parts.database.query(end, [clientId, '-1 second']);
    await parts.changeFeed.announce();
    expect(await authenticate()).toBeUndefined();
  });

  it('keeps whose decisions a client may ask for, and whether it may ask why', async () => {
    const asking = { checks: [audience, 'https://api.test/billing'], explains: true };
    await register(registration(clientId, [secret], asking));
    expect(await authenticate()).toMatchObject({ checks: [...asking.checks].sort(), explains: true });
    expect(await register(registration(clientId, [secret], { ...asking, checks: [...asking.checks].reverse() }))).toBe(
      'unchanged',
    );
    expect(await register(registration(clientId, [secret], { ...asking, explains: false }))).toBe('updated');
    expect(await register(registration(clientId, [secret], { checks: [audience] }))).toBe('updated');
    expect(await authenticate()).toMatchObject({ checks: [audience], explains: false });
  });

  it('keeps what a client does as a gateway', async () => {
    const gateway = { mode: 'token-swap', namesPermissions: true, removes: ['x-idp-token', 'cookie'] } as const;
    await register(registration(clientId, [secret], { gateway }));
    expect((await authenticate())?.gateway).toEqual(gateway);
    const other = { ...gateway, removes: ['cookie', 'x-idp-token'] };
    expect(await register(registration(clientId, [secret], { gateway: other }))).toBe('unchanged');
    expect(await register(registration(clientId, [secret], { gateway: { ...gateway, namesPermissions: false } }))).toBe(
      'updated',
    );
    expect(await register(registration(clientId, [secret]))).toBe('updated');
    expect((await authenticate())?.gateway).toBeUndefined();
  });

  it('asks the database nothing about what cannot be a secret or an id', async () => {
    for (const wrong of ['', 'password', sha256(secret), `${secret}x`])
      expect(await statementsOf(() => authenticate(wrong))).toBe(0);
    for (const id of ['', 'a\u0000b', 'x'.repeat(513)]) expect(await statementsOf(() => authenticate(secret, id))).toBe(0);
  });

  it('reads a client once and answers the same object, also when other registrations change', async () => {
    await register(registration(clientId, [secret]));
    const first = await authenticate();
    expect(await statementsOf(() => authenticate())).toBe(0);
    expect(await statementsOf(() => authenticate(newSecret()))).toBe(0);
    await register(registration(`${clientId}-other`, [newSecret()]));
    expect(await authenticate()).toBe(first);
    await register(registration(clientId, [secret], { targets: [] }));
    expect(await authenticate()).not.toBe(first);
  });

  it('asks nothing about clients that are not there, however many ids are made up, and sees one once it is there', async () => {
    await authenticate();
    const madeUp = async (): Promise<void> => {
      for (let number = 0; number < 20; number += 1) await authenticate(secret, `made-up-${made}-${number}`);
    };
    expect(await statementsOf(madeUp)).toBe(0);
    await register(registration(clientId, [secret]));
    expect(await authenticate()).toBeDefined();
  });

  it('touches no row when a client or an application is as it should be', async () => {
    const client = registration(clientId, [secret, newSecret()], {
      listedPresenters: [
        { issuer: 'b', id: '2' },
        { issuer: 'a', id: '1' },
      ],
    });
    await register(client);
    await access.registerApplication(CONTEXT, application(audience, ['b', 'a']));
    const epoch = () =>
      parts.database.query(`select epoch from data_epoch where tenant_id = '00000000-0000-0000-0000-000000000000'`);
    const before = await epoch();
    expect(await register({ ...client, secretSha256: [...(client.secretSha256 ?? [])].reverse() })).toBe('unchanged');
    expect(await access.registerApplication(CONTEXT, application(audience, ['a', 'b']))).toBe('unchanged');
    expect(await epoch()).toEqual(before);
  });

  it('answers an application by its exact audience', async () => {
    await access.registerApplication(
      CONTEXT,
      application(audience, ['invoice'], { allowsEmptyPermissions: true, tokenLifetimeSeconds: 300 }),
    );
    await parts.changeFeed.announce();
    const found = await access.applicationFor(CONTEXT, audience);
    expect(found).toEqual({
      id: expect.any(String),
      audience,
      prefix: 'billing',
      permissions: [offered('invoice', 0)],
      allowsEmptyPermissions: true,
      signingAlgorithm: 'ES256',
      settlesContext: false,
      tokenLifetimeSeconds: 300,
    });
    expect(await access.applicationFor(CONTEXT, audience)).toBe(found);
    for (const other of [`${audience}/`, audience.toUpperCase(), '', 'a\u0000'])
      expect(await access.applicationFor(CONTEXT, other)).toBeUndefined();
  });

  it('never gives the bit of a permission to another one, and gives it back to its own', async () => {
    expect(await access.registerApplication(CONTEXT, application(audience, ['a', 'b', 'c']))).toBe('created');
    expect(await access.registerApplication(CONTEXT, application(audience, ['a', 'b']))).toBe('updated');
    expect(await catalogue()).toEqual([offered('a', 0), offered('b', 1)]);
    await access.registerApplication(CONTEXT, application(audience, ['a', 'd']));
    expect(await catalogue()).toEqual([offered('a', 0), offered('d', 3)]);
    expect(await access.registerApplication(CONTEXT, application(audience, ['a', 'c', 'd']))).toBe('updated');
    expect((await catalogue())?.map(({ bit }) => bit)).toEqual([0, 2, 3]);
  });

  it('changes settings and descriptions of an application in place', async () => {
    await access.registerApplication(CONTEXT, application(audience, ['a']));
    const described = { permissions: [{ name: 'billing:a:read', description: 'Read' }] };
    expect(await access.registerApplication(CONTEXT, application(audience, [], described))).toBe('updated');
    expect(
      await access.registerApplication(CONTEXT, application(audience, [], { ...described, tokenLifetimeSeconds: 300 })),
    ).toBe('updated');
    expect((await catalogue())?.length).toBe(1);
    const settling = { ...described, settlesContext: true };
    expect(await access.registerApplication(CONTEXT, application(audience, [], settling))).toBe('updated');
    await parts.changeFeed.announce();
    expect(await access.applicationFor(CONTEXT, audience)).toMatchObject({ settlesContext: true, tokenLifetimeSeconds: null });
    expect(await access.registerApplication(CONTEXT, application(audience, [], settling))).toBe('unchanged');
  });

  it('changes the risk of a permission and the longest life of tokens with it in place', async () => {
    const name = 'billing:a:read';
    const grave = { permissions: [{ name, risk: 'high', maxLifetimeSeconds: 300 }] } as const;
    expect(await access.registerApplication(CONTEXT, application(audience, [], grave))).toBe('created');
    expect(await catalogue()).toEqual([{ name, bit: 0, risk: 'high', maxLifetimeSeconds: 300 }]);
    expect(await access.registerApplication(CONTEXT, application(audience, [], grave))).toBe('unchanged');
    expect(await access.registerApplication(CONTEXT, application(audience, ['a']))).toBe('updated');
    expect(await catalogue()).toEqual([offered('a', 0)]);
  });

  it('answers all applications in the order of their audiences, each as the very object that is answered for it alone', async () => {
    const [first, second] = [`${audience}/a`, `${audience}/b`];
    await access.registerApplication(CONTEXT, application(second, ['x']));
    await access.registerApplication(CONTEXT, application(first, ['x']));
    await parts.changeFeed.announce();
    const all = await access.applications(CONTEXT);
    const audiences = all.map((each) => each.audience);
    expect(audiences).toEqual([...audiences].sort());
    for (const each of [first, second])
      expect(all.find((found) => found.audience === each)).toBe(await access.applicationFor(CONTEXT, each));
    expect(await statementsOf(() => access.applications(CONTEXT))).toBe(0);

    await register(registration(clientId, [secret]));
    expect(await access.applications(CONTEXT)).toBe(all);
    await access.registerApplication(CONTEXT, application(second, ['x', 'y']));
    await parts.changeFeed.announce();
    const then = await access.applications(CONTEXT);
    expect(then.find((found) => found.audience === first)).toBe(all.find((found) => found.audience === first));
    expect(then.find((found) => found.audience === second)?.permissions.length).toBe(2);
  });
});

describeOnPostgres('RegistrationAccess in two processes', (open) => {
  it('stops taking a secret in one process once the other took it away', async () => {
    const test = await open();
    const writer = await accessorParts(test.database);
    const reader = await accessorParts(await test.reopen());
    const secret = newSecret();
    const writing = new DefaultRegistrationAccess(writer);
    const reading = new DefaultRegistrationAccess(reader);
    await writing.registerClient(CONTEXT, registration('c', [secret]));
    expect(await reading.authenticateClient(CONTEXT, 'c', secret)).toBeDefined();
    await writing.registerClient(CONTEXT, registration('c', []));
    await writer.changeFeed.announce();
    await until('the secret is refused', async () => (await reading.authenticateClient(CONTEXT, 'c', secret)) === undefined);
    await writer.changeFeed.stop();
    await reader.changeFeed.stop();
  });
});
