import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from '@jest/globals';
import { compactVerify, createLocalJWKSet, decodeJwt } from 'jose';
import type { KeyState } from '#accessors/key/contract.js';
import type { MintRequest } from '#engines/signing/contract.js';
import type { OpenDatabase } from '#utilities/database/open.database.js';
import { asOwner } from '../../test/support/as-owner.js';
import { describeOnEachDatabase, describeOnPostgres } from '../../test/support/database.js';
import { until } from '../../test/support/until.js';
import { age, changesIn, CONTEXT, keyringProcess, type KeyringProcess, statesIn } from './fixtures/keyring-world.fixture.js';

const AUDIENCE = 'https://api.acme.test';
const now = { reason: 'a laptop was stolen', validateOnly: false };
const folder = mkdtempSync(join(tmpdir(), 'emergency-'));
afterAll(() => rmSync(folder, { recursive: true }));

const processes: KeyringProcess[] = [];
afterEach(async () => {
  await Promise.all(processes.splice(0).map((each) => each.stop()));
});

async function opened(database: OpenDatabase, options?: Parameters<typeof keyringProcess>[1]): Promise<KeyringProcess> {
  const made = await keyringProcess(database, options);
  processes.push(made);
  return made;
}

async function started(database: OpenDatabase, options?: Parameters<typeof keyringProcess>[1]): Promise<KeyringProcess> {
  const made = await opened(database, options);
  await made.manager.prepare(CONTEXT);
  return made;
}

const identity = { instance: 'entra:public:t1', externalId: 'o1' };
const mintRequest: MintRequest = {
  kind: 'user',
  identity,
  clientId: 'orders-api',
  actorClientId: null,
  algorithm: 'ES256',
  audience: AUDIENCE,
  tenant: 'acme',
  permissions: ['billing:invoice:read'],
  scope: '',
  details: [],
  conditionalCount: 0,
  reference: { identity, issuer: 'contoso', iss: 'https://contoso.test', roles: [], groups: [], conditionalBits: [] },
  acr: null,
  amr: [],
  authTime: null,
  policyVersion: 'main@1',
  epoch: 1,
  lifetimeSeconds: null,
  notAfter: Number.MAX_SAFE_INTEGER,
};

describeOnEachDatabase('A key that must stop', (open) => {
  it('is tainted: it signs no more, another signs at once, and its tokens are good until they end', async () => {
    const { database } = await open();
    const { manager, emergency, keyAccess, engine } = await started(database);
    const { token, kid } = await engine.mint(CONTEXT, mintRequest);
    const report = await emergency.taint(CONTEXT, { kid, ...now });
    const after = keyAccess.activeKey(CONTEXT, 'ES256');
    expect(report.replacedBy).toBe(after.kid);
    expect(after.kid).not.toBe(kid);
    expect(await statesIn(database)).toEqual(['tainted', 'active']);
    expect(engine.verifyIssued(CONTEXT, token, AUDIENCE)).toMatchObject({ genuine: true });
    expect((await manager.publishedKeys(CONTEXT)).map((key) => key.kid)).toContain(kid);
    expect((await changesIn(database)).slice(-2)).toEqual(['keyring.key_tainted', 'keyring.key_activated_at_once']);
    expect(await database.query('select sealed from signing_key where kid = $1', [kid])).toEqual([{ sealed: null }]);
  });

  it('revoked once more is refused, but first the news is spread that whoever revoked it did not come to', async () => {
    const { database } = await open();
    const { emergency, keyringAccess, engine } = await started(database);
    const { token, kid } = await engine.mint(CONTEXT, mintRequest);
    const settle = keyringAccess.settle.bind(keyringAccess);
    keyringAccess.settle = () => Promise.resolve();
    await emergency.revoke(CONTEXT, { kid, ...now });
    expect(engine.verifyIssued(CONTEXT, token, AUDIENCE)).toMatchObject({ genuine: true });
    keyringAccess.settle = settle;
    await expect(emergency.revoke(CONTEXT, { kid, ...now })).rejects.toMatchObject({ code: 'KEYRING_MOVE_REFUSED' });
    expect(engine.verifyIssued(CONTEXT, token, AUDIENCE)).toEqual({ genuine: false, fault: 'key-unknown' });
  });

  it('is revoked: it is public no more and its tokens are refused', async () => {
    const { database } = await open();
    const { manager, emergency, engine } = await started(database);
    const { token, kid } = await engine.mint(CONTEXT, mintRequest);
    await emergency.revoke(CONTEXT, { kid, ...now });
    expect(await statesIn(database)).toEqual(['revoked', 'active']);
    expect(engine.verifyIssued(CONTEXT, token, AUDIENCE)).toEqual({ genuine: false, fault: 'key-unknown' });
    expect((await manager.publishedKeys(CONTEXT)).map((key) => key.kid)).not.toContain(kid);
    await expect(emergency.revoke(CONTEXT, { kid, ...now })).rejects.toMatchObject({ code: 'KEYRING_MOVE_REFUSED' });
    await expect(emergency.taint(CONTEXT, { kid: 'nobody', ...now })).rejects.toMatchObject({ code: 'KEY_UNKNOWN' });
  });

  it('is followed by the key that was next, which some verifiers know', async () => {
    const { database } = await open();
    const { manager, emergency, keyAccess } = await started(database);
    await manager.rotate(CONTEXT, { validateOnly: false });
    const next = (await manager.status(CONTEXT)).keys.find(({ state }) => state === 'published');
    const { kid } = keyAccess.activeKey(CONTEXT, 'ES256');
    expect((await emergency.revoke(CONTEXT, { kid, ...now })).replacedBy).toBe(next?.kid);
    expect(keyAccess.activeKey(CONTEXT, 'ES256').kid).toBe(next?.kid);
    expect((await manager.status(CONTEXT)).keys.at(-1)).toMatchObject({ state: 'active', signsAtOnce: true });
  });

  it('changes nothing where it is only asked what would be', async () => {
    const { database } = await open();
    const { emergency, keyAccess } = await started(database);
    const { kid } = keyAccess.activeKey(CONTEXT, 'ES256');
    await emergency.revoke(CONTEXT, { kid, reason: 'drill', validateOnly: true });
    await emergency.breakGlass(CONTEXT, { reason: 'drill', afterRestore: false, validateOnly: true });
    expect(await statesIn(database)).toEqual(['active']);
    expect(keyAccess.activeKey(CONTEXT, 'ES256').kid).toBe(kid);
  });

  it('is told with what was issued under it, by audience and hour, and how long that is accepted where', async () => {
    const { database } = await open();
    const { emergency, engine } = await started(database);
    const { kid, expiresAt } = await engine.mint(CONTEXT, mintRequest);
    await database.query(`insert into data_epoch (tenant_id, epoch) values ('11111111-1111-1111-1111-111111111111', 1)`);
    await database.query(
      `insert into audit_record (tenant_id, id, at, outcome, diagnostic_id, transport, kid, audience, expires_at)
       select '11111111-1111-1111-1111-111111111111', gen_random_uuid(), now(), 'issued', gen_random_uuid(), 'rest', $1, audience,
         to_timestamp($2::float8) from unnest(array['https://a.test', 'https://a.test', 'https://b.test']) as audience`,
      [kid, expiresAt],
    );
    const tainted = await emergency.taint(CONTEXT, { kid, ...now });
    expect(tainted.issued).toMatchObject([
      { audience: 'https://a.test', tokens: 2, lastExpiresAt: expiresAt * 1000 },
      { audience: 'https://b.test', tokens: 1 },
    ]);
    expect(tainted.accepted.map(({ where, until: end }) => [where, end])).toEqual(
      ['exchange', 'check', 'sdk', 'plain libraries'].map((where) => [where, (expiresAt + 300) * 1000]),
    );
    const { accepted } = await emergency.revoke(CONTEXT, { kid, ...now });
    const [exchange, , sdk, plain] = accepted.map(({ until: end }) => end - (accepted[0]?.until ?? 0));
    expect([exchange, sdk, plain]).toEqual([0, 30_000, (43_200 + 300 + 3600 + 60 - 2) * 1000]);
  });

  it('is named in a signed document for offline verifiers, which grows with every change', async () => {
    const { database } = await open();
    const { manager, emergency, keyAccess, keyringAccess } = await started(database);
    const before = decodeJwt(await manager.cutoffs(CONTEXT));
    const { kid } = keyAccess.activeKey(CONTEXT, 'ES256');
    await emergency.revoke(CONTEXT, { kid, ...now });
    const again = await started(database);
    const keys = createLocalJWKSet({
      keys: (await again.manager.publishedKeys(CONTEXT)).map(({ jwk }) => ({ ...jwk, kty: 'EC' })),
    });
    const { payload, protectedHeader } = await compactVerify(await again.manager.cutoffs(CONTEXT), keys);
    const document: unknown = JSON.parse(Buffer.from(payload).toString());
    expect(protectedHeader).toMatchObject({ typ: 'countersign-cutoff+jwt', alg: 'ES256' });
    expect(document).toMatchObject({ revoked_keys: [{ kid, at: expect.any(Number) }], tainted_keys: [] });
    expect(document).toMatchObject({ seq: (await keyringAccess.keyring(CONTEXT)).epoch });
    expect(before['seq']).toBe(1);
    expect((before['exp'] ?? 0) - (before['iat'] ?? 0)).toBe(3600);
  });

  it('shares the document with what else is revoked, under a number that grows with either', async () => {
    const { database } = await open();
    const target = { by: 'client', clientId: 'portal' } as const;
    const at = Math.floor(Date.now() / 1_000);
    const state = { sequence: 40, revocations: [{ target, before: at, until: at + 600 }] };
    const { manager } = await started(database, { revocations: state });
    expect(decodeJwt(await manager.cutoffs(CONTEXT))).toMatchObject({
      seq: 41,
      revoked_tokens: [],
      revoked_subjects: [],
      revoked_clients: [{ client_id: 'portal', before: at }],
      revoked_tenants: [],
    });
  });

  it('is replaced by break-glass with nothing prepared', async () => {
    const { database } = await open();
    const { keyAccess } = await started(database);
    const { kid } = keyAccess.activeKey(CONTEXT, 'ES256');
    const cold = await opened(database);
    const { done } = await cold.emergency.breakGlass(CONTEXT, { reason: 'drill', afterRestore: false, validateOnly: false });
    expect(done).toMatchObject([{ kind: 'activate', replaces: kid, kid: expect.any(String) }]);
    expect(await statesIn(database)).toEqual(['retiring', 'active']);
    await keyAccess.refresh();
    expect(keyAccess.activeKey(CONTEXT, 'ES256').kid).toBe(done[0]?.kid);
    expect(await changesIn(database)).toContain('keyring.break_glass');
  });
});

describeOnEachDatabase('A database that was restored from an older state', (open) => {
  it('brings back no key: nothing starts, and break-glass after the restore makes new ones', async () => {
    const { database } = await open();
    const floorFile = join(folder, `floor-${database.engine}`);
    const { manager, emergency, keyAccess } = await started(database, { floorFile });
    const stolen = keyAccess.activeKey(CONTEXT, 'ES256').kid;
    await asOwner(database, 'create table backup_key as select * from signing_key');
    await asOwner(database, 'create table backup_epoch as select * from keyring_epoch');
    await emergency.revoke(CONTEXT, { kid: stolen, ...now });
    expect(Object.values(JSON.parse(readFileSync(floorFile, 'utf8')) as object)).toEqual([2]);

    for (const sql of [
      'delete from signing_key',
      'insert into signing_key select * from backup_key',
      'delete from keyring_epoch',
      'insert into keyring_epoch select * from backup_epoch',
    ])
      await asOwner(database, sql);
    const restored = await opened(database, { floorFile });
    await expect(restored.manager.prepare(CONTEXT)).rejects.toMatchObject({ code: 'KEYRING_RESTORED' });
    await expect(restored.manager.rotate(CONTEXT, { validateOnly: false })).rejects.toMatchObject({ code: 'KEYRING_RESTORED' });
    const wanted = { reason: 'restore', validateOnly: false };
    await expect(restored.emergency.breakGlass(CONTEXT, { ...wanted, afterRestore: false })).rejects.toMatchObject({
      code: 'KEYRING_RESTORED',
    });
    expect(await statesIn(database)).toEqual(['active']);
    // A process that ran on through the restore keeps what it knows, and never takes the old key back.
    await keyAccess.refresh();
    expect((await manager.publishedKeys(CONTEXT)).map(({ kid }) => kid)).not.toContain(stolen);

    await restored.emergency.breakGlass(CONTEXT, { ...wanted, afterRestore: true });
    expect(await statesIn(database)).toEqual(['revoked', 'active']);
    expect((await restored.manager.status(CONTEXT)).epoch).toBe(3);
    await restored.manager.prepare(CONTEXT);
    expect(restored.keyAccess.activeKey(CONTEXT, 'ES256').kid).not.toBe(stolen);
  });
});

describeOnEachDatabase('The state machine', (open) => {
  const LEGAL: Readonly<Record<KeyState, readonly KeyState[]>> = {
    pending: ['published', 'retired', 'tainted', 'revoked'],
    published: ['active', 'retired', 'tainted', 'revoked'],
    active: ['retiring', 'tainted', 'revoked'],
    retiring: ['retired', 'tainted', 'revoked'],
    tainted: ['retired', 'revoked'],
    retired: ['revoked'],
    revoked: [],
  };
  const STATES = Object.keys(LEGAL) as KeyState[];

  it('takes every legal move and refuses every other, and a move from a state that the key is not in', async () => {
    const { database } = await open();
    const { keyringAccess } = await started(database);
    for (const from of STATES) {
      for (const to of STATES) {
        const { epoch } = await keyringAccess.keyring(CONTEXT);
        const { kid } = await keyringAccess.makeKey(CONTEXT, 'Ed25519', `${from}-${to}`);
        const add = [{ kid, algorithm: 'Ed25519', backend: 'local' } as const];
        await database.run(() => keyringAccess.change(CONTEXT, { expectedEpoch: epoch, fence: null, add }));
        const signs = from === 'pending' || from === 'published' || from === 'active';
        await database.query(
          `update signing_key set state = $2, sealed = case when $3 then sealed end, wrapped_data_key = case when $3 then wrapped_data_key end,
             published_at = now() - interval '9 days', stopped_at = case when $3 then null else now() - interval '8 days' end where kid = $1`,
          [kid, from, signs],
        );
        const move = { expectedEpoch: epoch + 1, fence: null, moves: [{ kid, from, to }] };
        const moved = database.run(() => keyringAccess.change(CONTEXT, move));
        const outcome = await moved.then(
          () => 'moved',
          (error: unknown) => (error as { code: string }).code,
        );
        expect([from, to, outcome]).toEqual([from, to, LEGAL[from].includes(to) ? 'moved' : 'KEYRING_MOVE_REFUSED']);
        await database.query(`delete from signing_key where kid = $1`, [kid]);
      }
    }
  });

  it('refuses a change that was decided on another epoch, or on another state', async () => {
    const { database } = await open();
    const { keyringAccess, keyAccess } = await started(database);
    const { kid } = keyAccess.activeKey(CONTEXT, 'ES256');
    const change = (expectedEpoch: number, from: KeyState) => () =>
      keyringAccess.change(CONTEXT, { expectedEpoch, fence: null, moves: [{ kid, from, to: 'revoked' }] });
    await expect(database.run(change(0, 'active'))).rejects.toMatchObject({ code: 'KEYRING_CHANGED' });
    await expect(database.run(change(1, 'retiring'))).rejects.toMatchObject({ code: 'KEYRING_CHANGED' });
    expect(await statesIn(database)).toEqual(['active']);
  });

  it('lets no key sign or go before its time by the clock of the database', async () => {
    const { database } = await open();
    const { manager, keyringAccess } = await started(database);
    await manager.rotate(CONTEXT, { validateOnly: false });
    const { epoch, keys } = await keyringAccess.keyring(CONTEXT);
    const [active, next] = keys.map(({ kid }) => kid);
    const early = [
      { kid: active ?? '', from: 'active', to: 'retiring' },
      { kid: next ?? '', from: 'published', to: 'active' },
    ] as const;
    const attempt = () => database.run(() => keyringAccess.change(CONTEXT, { expectedEpoch: epoch, fence: null, moves: early }));
    await age(database, '86399 seconds');
    await expect(attempt()).rejects.toMatchObject({ code: 'KEYRING_MOVE_REFUSED' });
    await age(database, '1 second');
    await attempt();
    const gone = {
      expectedEpoch: epoch + 1,
      fence: null,
      moves: [{ kid: active ?? '', from: 'retiring', to: 'retired' }] as const,
    };
    await expect(database.run(() => keyringAccess.change(CONTEXT, gone))).rejects.toMatchObject({ code: 'KEYRING_MOVE_REFUSED' });
  });
});

describeOnPostgres('A revocation', (open) => {
  it('reaches the other processes within a moment, and they sign no more with the key', async () => {
    const world = await open();
    const others = await Promise.all([1, 2].map(async () => started(await world.reopen())));
    const [one] = others;
    const operator = await opened(world.database);
    const { kid } = one?.keyAccess.activeKey(CONTEXT, 'ES256') ?? { kid: '' };
    await operator.emergency.revoke(CONTEXT, { kid, ...now });
    await until('all sign with another key', () =>
      others.every(({ keyAccess }) => keyAccess.activeKey(CONTEXT, 'ES256').kid !== kid),
    );
    for (const { keyAccess } of others) {
      expect(() => keyAccess.signWith(CONTEXT, { kid, algorithm: 'ES256' }, 'a.b')).toThrow(
        expect.objectContaining({ code: 'SIGNING_UNAVAILABLE' }),
      );
    }
  });
});
