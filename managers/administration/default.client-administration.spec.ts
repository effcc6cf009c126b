import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { ChangeRecord } from '#accessors/audit/contract.js';
import { DefaultClientRegistry } from '#accessors/registration/default.client.registry.js';
import { DefaultRegistrationAccess } from '#accessors/registration/default.registration.access.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { accessorParts, type AccessorParts } from '../../test/support/accessor-parts.js';
import { describeOnPostgres } from '../../test/support/database.js';
import { DefaultClientAdministration } from './default.client-administration.js';
import { CONTEXT, permissionEngine, policyLanguage } from './fixtures/import-world.fixture.js';

const OPERATOR = { ...CONTEXT, transport: 'rest', operator: 'u_operator' } as const;
const AUDIENCE = 'https://billing.acme.test';
const DAY = 86_400_000;

describeOnPostgres('The administration of clients', (open) => {
  let parts: AccessorParts;
  let access: DefaultRegistrationAccess;
  let administration: DefaultClientAdministration;
  const clock = new ManualClock();
  const records: ChangeRecord[] = [];
  let made = 0;
  let clientId: string;

  beforeAll(async () => {
    parts = { ...(await accessorParts((await open()).database)), clock };
    access = new DefaultRegistrationAccess(parts);
    administration = new DefaultClientAdministration({
      ...parts,
      registrationAccess: access,
      clientRegistry: new DefaultClientRegistry(parts),
      issuerRegistry: { issuers: () => Promise.resolve([{ name: 'contoso', status: 'active', version: 1, newestVersion: 1 }]) },
      permissionEngine,
      policyLanguage,
      callerProofs: { problemOfKey: ({ kty }) => (kty === 'OKP' ? null : 'not a key') },
      factAccess: { announceChanges: () => parts.changeFeed.announce() },
      changeTrail: {
        recordWithin: (_context, record) => {
          records.push(record);
          return Promise.resolve();
        },
      },
    });
    for (const audience of [AUDIENCE, 'countersign'])
      await access.registerApplication(CONTEXT, {
        audience,
        prefix: 'billing',
        permissions: [{ name: 'billing:invoice:read' }],
        allowsEmptyPermissions: false,
        tokenLifetimeSeconds: null,
      });
    await parts.changeFeed.announce();
  });
  afterAll(() => parts.changeFeed.stop());
  beforeEach(() => {
    made += 1;
    clientId = `client-${made}`;
    records.length = 0;
  });

  const put = (changes: object = {}, validateOnly = false) =>
    administration.put(OPERATOR, {
      document: { clientId, targets: [{ audience: AUDIENCE, scopes: ['billing:**'] }], ...changes },
      validateOnly,
    });
  const addSecret = (days = 180, validateOnly = false) => administration.addSecret(OPERATOR, { clientId, days, validateOnly });
  const isIn = async (secret: string | null) => (await access.authenticateClient(CONTEXT, clientId, secret ?? '')) !== undefined;

  it('registers a client, changes it and tells of it as it would be written', async () => {
    expect(await put()).toMatchObject({ clientId, outcome: 'created' });
    expect(await put()).toMatchObject({ outcome: 'unchanged' });
    const { document, ...overview } = await administration.client(OPERATOR, clientId);
    expect(overview).toMatchObject({
      kind: 'confidential',
      status: 'active',
      methods: ['client_secret_basic', 'client_secret_post'],
    });
    expect(overview.warnings).toEqual(['no secret that is good now: add one']);
    expect(await administration.put(OPERATOR, { document, validateOnly: false })).toMatchObject({ outcome: 'unchanged' });
    expect(await administration.put(OPERATOR, { document: { ...document, explains: true }, validateOnly: false })).toMatchObject({
      outcome: 'updated',
    });
    expect((await administration.clients(OPERATOR)).map((each) => each.clientId)).toContain(clientId);
    expect(records.map(({ what, detail }) => [what, detail.replace(/[0-9a-f]{64}/, 'digest')])).toEqual([
      ['client', `client ${clientId} created; sha256 digest`],
      ['client', `client ${clientId} updated; sha256 digest`],
    ]);
  });

  it.each<[string, object, string]>([
    ['a secret of its own', { secretSha256: [] }, 'secretSha256: secrets are added'],
    ['a member that there is not', { surprise: 1 }, 'surprise: unknown member'],
    [
      'an issuer that there is not',
      { presents: { own: [{ issuer: 'nobody', id: 'x' }] } },
      'presents.own[0].issuer: there is no issuer nobody',
    ],
    ['an application that there is not', { serves: ['https://nobody.test'] }, 'serves[0]: no application'],
    ['a pattern that means nothing', { targets: [{ audience: AUDIENCE, scopes: ['other:x:y'] }] }, 'targets[0].scopes[0]'],
    ['what does not fit a public client', { kind: 'public', checks: [AUDIENCE] }, 'checks: a public client'],
  ])('refuses %s and changes nothing', async (_name, changes, fault) => {
    await expect(put(changes)).rejects.toMatchObject({
      code: 'CLIENT_INVALID',
      details: { actual: expect.stringContaining(fault) },
    });
    await expect(administration.client(OPERATOR, clientId)).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
    expect(records).toEqual([]);
  });

  it('lets no operator register a client for the administration itself; whoever has the database may', async () => {
    const targets = [{ audience: 'countersign', scopes: [] }];
    await expect(put({ targets })).rejects.toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
    const byCommand = await administration.put(CONTEXT, { document: { clientId, targets }, validateOnly: false });
    expect(byCommand.outcome).toBe('created');
  });

  it('lets no operator change the client of the administration, in any way; whoever has the database may', async () => {
    const targets = [{ audience: 'countersign', scopes: [] }];
    const document = { clientId, targets };
    const validateOnly = false;
    await administration.put(CONTEXT, { document, validateOnly });
    const { id } = await administration.addSecret(CONTEXT, { clientId, days: 1, validateOnly });
    const before = await administration.client(OPERATOR, clientId);
    records.length = 0;
    const changes = (context: CallContext): readonly (() => Promise<unknown>)[] => [
      () => administration.addSecret(context, { clientId, days: 1, validateOnly }),
      () => administration.removeSecret(context, { clientId, secretId: id, validateOnly }),
      () => administration.switchClient(context, { clientId, status: 'disabled', validateOnly }),
      () => administration.switchClient(context, { clientId, status: 'active', validateOnly }),
      () => administration.put(context, { document: { clientId, targets: [] }, validateOnly }),
    ];
    for (const change of changes(OPERATOR)) await expect(change()).rejects.toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
    await expect(put({}, true)).rejects.toMatchObject({ code: 'OPERATOR_NOT_PERMITTED' });
    expect(await administration.client(OPERATOR, clientId)).toEqual(before);
    expect(records).toEqual([]);
    for (const change of changes(CONTEXT)) await change();
    expect(records).toHaveLength(5);
  });

  it('makes secrets that let the client in until they end, two at a time', async () => {
    await put();
    const first = await addSecret(10);
    expect(first).toMatchObject({ clientId, endsAt: clock.now() + 10 * DAY, secret: expect.stringMatching(/^cs_[\w-]{43}$/) });
    const second = await addSecret(90);
    expect([await isIn(first.secret), await isIn(second.secret)]).toEqual([true, true]);
    await expect(addSecret()).rejects.toMatchObject({ code: 'CLIENT_INVALID' });
    clock.advance(10 * DAY);
    expect([await isIn(first.secret), await isIn(second.secret)]).toEqual([false, true]);
    const third = await addSecret();
    expect((await administration.client(OPERATOR, clientId)).secrets.map(({ id }) => id)).toEqual([second.id, third.id]);
    await administration.removeSecret(OPERATOR, { clientId, secretId: second.id, validateOnly: false });
    expect([await isIn(second.secret), await isIn(third.secret)]).toEqual([false, true]);
    await expect(
      administration.removeSecret(OPERATOR, { clientId, secretId: second.id, validateOnly: false }),
    ).rejects.toMatchObject({
      code: 'CLIENT_UNKNOWN',
    });
  });

  it('leaves secrets out of records, lists and reviews, whole and as digests', async () => {
    await put();
    const { secret } = await addSecret();
    const told = JSON.stringify([
      records,
      await administration.clients(OPERATOR),
      await administration.client(OPERATOR, clientId),
    ]);
    const rows = await parts.database.query<{ hex: string }>(`select encode(sha256, 'hex') as hex from client_secret`);
    for (const { hex } of rows) expect(told).not.toContain(hex.slice(0, 12));
    expect(secret).not.toBeNull();
    expect(told).not.toContain(secret ?? '');
  });

  it('keeps secrets when a client is put again, and warns when the last one ends soon', async () => {
    await put();
    const { secret } = await addSecret(14);
    await put({ explains: true });
    expect(await isIn(secret)).toBe(true);
    expect((await administration.client(OPERATOR, clientId)).warnings).toEqual([expect.stringContaining('ends in 14 days')]);
    await addSecret(15);
    expect((await administration.client(OPERATOR, clientId)).warnings).toEqual([]);
  });

  it('makes no secret for a client that may not use one', async () => {
    const key = { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) };
    await put({ authentication: { methods: ['private_key_jwt'], keys: [key] } });
    await expect(addSecret()).rejects.toMatchObject({ code: 'CLIENT_INVALID' });
    await put({ kind: 'public', presents: { own: [{ issuer: 'contoso', id: clientId }] } });
    await expect(addSecret()).rejects.toMatchObject({ code: 'CLIENT_INVALID' });
    await expect(administration.addSecret(OPERATOR, { clientId: 'nobody', days: 1, validateOnly: false })).rejects.toMatchObject({
      code: 'CLIENT_UNKNOWN',
    });
    for (const days of [0, 731, 1.5, Number.NaN])
      await expect(addSecret(days)).rejects.toMatchObject({ code: 'REQUEST_PARAMETER_INVALID' });
  });

  it('keeps a client out and lets it in again', async () => {
    await put();
    const { secret } = await addSecret();
    const change = (status: 'active' | 'disabled') =>
      administration.switchClient(OPERATOR, { clientId, status, validateOnly: false });
    expect((await change('disabled')).outcome).toBe('updated');
    expect(await isIn(secret)).toBe(false);
    await put();
    expect(await isIn(secret)).toBe(false);
    expect((await change('disabled')).outcome).toBe('unchanged');
    expect((await change('active')).outcome).toBe('updated');
    expect(await isIn(secret)).toBe(true);
  });

  it('does nothing where it is only tried out', async () => {
    expect(await put({}, true)).toMatchObject({ outcome: 'created' });
    await expect(administration.client(OPERATOR, clientId)).rejects.toMatchObject({ code: 'CLIENT_UNKNOWN' });
    await put();
    expect(await addSecret(1, true)).toMatchObject({ secret: null });
    await administration.switchClient(OPERATOR, { clientId, status: 'disabled', validateOnly: true });
    const { id } = await addSecret();
    await administration.removeSecret(OPERATOR, { clientId, secretId: id, validateOnly: true });
    expect(await administration.client(OPERATOR, clientId)).toMatchObject({ status: 'active', secrets: [{ id }] });
    expect(records).toHaveLength(2);
  });
});
