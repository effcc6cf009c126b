import { createPublicKey } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { CALM, type VaultFault } from '#devkit/key-vault/vault-knobs.js';
import type { ErrorCode } from '#utilities/errors/catalogue.js';
import { VaultScene } from '../fixtures/vault-scene.js';
import { jwsVerifies } from '../jws-signature.js';
import { AzureKeyVaultSigningBackend } from './azure-key-vault.signing-backend.js';

const scene = new VaultScene();
beforeAll(() => scene.start());
afterAll(() => scene.stop());
afterEach(async () => {
  await scene.standIn.turn(CALM);
  scene.clock.advance(60_000);
});

describe('signing in a vault', () => {
  it.each(['ES256', 'RS256', 'PS256'] as const)(
    'signs %s over the digest alone, with the version that it made',
    async (algorithm) => {
      const { backend } = scene.process();
      const { handle, publicJwk } = await backend.create(algorithm, `sign-${algorithm}`);
      expect(handle.reference).toMatch(new RegExp(`^localhost:\\d+/countersign-${algorithm.toLowerCase()}/[0-9a-f]{32}$`));
      const signature = await backend.sign(handle, algorithm, 'header.payload');
      const publicKey = createPublicKey({ key: { ...publicJwk }, format: 'jwk' });
      expect(jwsVerifies(publicKey, algorithm, { input: 'header.payload', signature })).toBe(true);
    },
  );

  it('goes on signing with its version when the vault calls another the latest', async () => {
    const { backend } = scene.process();
    const first = await backend.create('ES256', 'version-1');
    const second = await backend.create('ES256', 'version-2');
    expect(second.handle).not.toEqual(first.handle);
    const other = scene.process().backend;
    expect(await other.publicKey(first.handle, 'ES256')).toEqual(first.publicJwk);
    const signature = await other.sign(first.handle, 'ES256', 'a.b');
    const publicKey = createPublicKey({ key: { ...first.publicJwk }, format: 'jwk' });
    expect(jwsVerifies(publicKey, 'ES256', { input: 'a.b', signature })).toBe(true);
  });

  it('adopts a version that was made and not recorded, and makes no second one', async () => {
    const made = await scene.process().backend.create('ES256', 'crashed-1');
    scene.standIn.forgetCounts();
    const adopted = await scene.process().backend.create('ES256', 'crashed-1');
    expect(adopted).toEqual(made);
    expect(scene.standIn.calls('create')).toBe(0);
  });

  it('answers versions that sign when processes make one at the same time, and settles on one of them', async () => {
    const made = await Promise.all(Array.from({ length: 4 }, () => scene.process().backend.create('ES256', 'race-1')));
    scene.standIn.forgetCounts();
    const settled = await Promise.all(made.map(() => scene.process().backend.create('ES256', 'race-1')));
    expect(new Set(settled.map(({ handle }) => handle.reference)).size).toBe(1);
    expect(made).toContainEqual(settled[0]);
    expect(scene.standIn.calls('create')).toBe(0);
    for (const { handle } of made) expect((await scene.process().backend.sign(handle, 'ES256', 'a.b')).length).toBe(64);
  });

  it('ends a version by disabling it, also when it is asked again or the version is gone', async () => {
    const { backend } = scene.process();
    const { handle } = await backend.create('ES256', 'end-1');
    await backend.destroy(handle);
    await backend.destroy(handle);
    await expect(backend.sign(handle, 'ES256', 'a.b')).rejects.toMatchObject({ code: 'VAULT_KEY_DISABLED' });
    await backend.destroy({ ...handle, reference: handle.reference.replace(/[0-9a-f]{32}$/, '0'.repeat(32)) });
  });

  it('sends its token to no other host than the vault, whatever a reference says', async () => {
    const { backend } = scene.process();
    const { handle } = await backend.create('ES256', 'host-1');
    const version = handle.reference.split('/').at(-1) ?? '';
    for (const reference of [
      handle.reference.replace(/^[^/]+/, 'evil.example'),
      `https://evil.example/keys/countersign-es256/${version}`,
      handle.reference.replace('countersign-es256', '..%2f..%2fsecrets'),
      '',
    ]) {
      const error = { code: 'KEY_UNSEAL_FAILED' };
      await expect(backend.publicKey({ reference, sealed: null }, 'ES256')).rejects.toMatchObject(error);
    }
  });

  it('lets no signature out that its key did not make', async () => {
    const { keys, vaultHost, backend } = scene.process();
    const { handle } = await backend.create('ES256', 'mine');
    const [, name = '', version = ''] = (await backend.create('ES256', 'other')).handle.reference.split('/');
    const mixedUp = new AzureKeyVaultSigningBackend({
      keys: {
        get: (...asked) => keys.get(...asked),
        create: (...asked) => keys.create(...asked),
        versions: (asked) => keys.versions(asked),
        disable: (key) => keys.disable(key),
        sign: (_key, request) => keys.sign({ name, version }, request),
      },
      vaultHost,
      keyPrefix: 'countersign',
      hsm: false,
    });
    await expect(mixedUp.sign(handle, 'ES256', 'a.b')).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });

  it('refuses a key whose type does not fit the algorithm', async () => {
    const { backend } = scene.process();
    const { handle } = await backend.create('RS256', 'type-1');
    await expect(backend.publicKey(handle, 'ES256')).rejects.toMatchObject({ code: 'KEY_UNSEAL_FAILED' });
    await expect(backend.create('Ed25519', 'type-2')).rejects.toMatchObject({ code: 'SIGNING_UNAVAILABLE' });
  });
});

describe('a fault of the vault', () => {
  const FAULTS: [VaultFault, ErrorCode, RegExp][] = [
    ['firewall-public', 'VAULT_FIREWALL_PUBLIC_ADDRESS', /203\.0\.113\.7/],
    ['firewall-private', 'VAULT_FIREWALL_PRIVATE_ADDRESS', /172\.25\.1\.187/],
    ['private-endpoint-pending', 'VAULT_PRIVATE_ENDPOINT_NOT_APPROVED', /ForbiddenByFirewall/],
    ['public-access-disabled', 'VAULT_PUBLIC_ACCESS_DISABLED', /Public network access is disabled/],
    ['rbac', 'VAULT_ROLE_MISSING', /keys\/sign\/action/],
    ['access-policy', 'VAULT_ACCESS_POLICY_MISSING', /does not have keys sign permission/],
    ['not-found', 'VAULT_KEY_NOT_FOUND', /KeyNotFound/],
    ['conflict', 'VAULT_KEY_DELETED', /recoverable/],
    ['throttled', 'VAULT_THROTTLED', /429/],
    ['server-error', 'VAULT_UNAVAILABLE', /500/],
    ['unavailable', 'VAULT_UNAVAILABLE', /503/],
    ['html', 'VAULT_UNAVAILABLE', /502/],
    ['unauthorized', 'VAULT_UNAUTHENTICATED', /AKV10049/],
  ];

  it.each(FAULTS)('%s has the code %s, and heals by itself', async (fault, code, printed) => {
    const { backend } = scene.process();
    const { handle } = await backend.create('ES256', 'fault-1');
    await scene.standIn.turn({ fault, retryAfterSeconds: 30 });
    await expect(backend.sign(handle, 'ES256', 'a.b')).rejects.toMatchObject({
      code,
      details: { internal: expect.stringMatching(printed) },
    });
    await scene.standIn.turn(CALM);
    scene.clock.advance(30_000);
    expect((await backend.sign(handle, 'ES256', 'a.b')).length).toBe(64);
  });

  it.each([
    ['refused', 'VAULT_UNREACHABLE'],
    ['reset', 'VAULT_UNREACHABLE'],
    ['hang', 'VAULT_TIMEOUT'],
  ] as const)('an outage (%s) has the code %s, and heals by itself', async (outage, code) => {
    const { backend } = scene.process({ timeoutMs: 200 });
    const { handle } = await backend.create('ES256', 'outage-1');
    await scene.standIn.turn({ outage });
    await expect(backend.sign(handle, 'ES256', 'a.b')).rejects.toMatchObject({ code });
    await scene.standIn.turn(CALM);
    expect((await backend.sign(handle, 'ES256', 'a.b')).length).toBe(64);
  });

  it('a name that does not resolve has a code of its own', async () => {
    const { keys } = scene.process({ vaultUrl: 'https://countersign-stand-in.vault.invalid' });
    await expect(keys.get('any')).rejects.toMatchObject({ code: 'VAULT_NAME_UNRESOLVED' });
  });

  it('a disabled version and a deleted key are told from one that is not there', async () => {
    const { backend, keys } = scene.process();
    const { handle } = await backend.create('PS256', 'gone-1');
    const [, name = '', version = ''] = handle.reference.split('/');
    await keys.disable({ name, version });
    await expect(backend.sign(handle, 'PS256', 'a.b')).rejects.toMatchObject({ code: 'VAULT_KEY_DISABLED' });
    await expect(keys.get('never-made')).rejects.toMatchObject({ code: 'VAULT_KEY_NOT_FOUND' });
  });
});
