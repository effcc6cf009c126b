import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { selfSigned } from '../../test/support/self-signed.js';
import { KeyVaultStandIn, UNRESOLVABLE_VAULT_URL } from './key-vault-stand-in.js';
import { presentable, type VaultAsk, VaultCaller, type VaultReply } from './vault-caller.js';
import { CALM } from './vault-knobs.js';

const tls = presentable(selfSigned());
const clock = new ManualClock();
const vault = new KeyVaultStandIn({ clock });
let vaultUrl = '';

beforeAll(async () => {
  ({ vaultUrl } = await vault.start({ tls }));
});
afterAll(() => vault.stop());
afterEach(async () => {
  await vault.turn(CALM);
  clock.advance(10_000);
});

type Json = Record<string, unknown>;
const caller = new VaultCaller({ vaultUrl: () => vaultUrl, ca: tls.cert, token: () => vault.issueToken() });
const ask = (path: string, how?: VaultAsk): Promise<VaultReply> => caller.ask(path, how);

async function make(name: string, wishes: Json): Promise<string> {
  const { status, json } = await ask(`/keys/${name}/create`, { body: wishes });
  expect(status).toBe(200);
  return new URL(String((json['key'] as Json)['kid'])).pathname;
}

const errorOf = ({ json }: VaultReply): Json => json['error'] as Json;
const innerOf = (answer: VaultReply): unknown => (errorOf(answer)['innererror'] as Json | undefined)?.['code'];

describe('the faults of the stand-in', () => {
  it.each([
    ['unauthorized', 401, undefined, 'AKV'],
    ['firewall-public', 403, 'ForbiddenByFirewall', 'Client address: 203.0.113.7'],
    ['firewall-private', 403, 'ForbiddenByFirewall', 'Client address: 172.25.1.187'],
    ['private-endpoint-pending', 403, 'ForbiddenByFirewall', 'Client address: 172.25.1.187'],
    ['public-access-disabled', 403, 'ForbiddenByConnection', 'Public network access is disabled'],
    ['rbac', 403, 'ForbiddenByRbac', 'Assignment: (not found)'],
    ['access-policy', 403, 'AccessDenied', 'does not have keys get permission'],
    ['not-found', 404, undefined, 'was not found'],
    ['conflict', 409, 'ObjectIsDeletedButRecoverable', 'deleted but recoverable'],
    ['throttled', 429, undefined, 'too many requests'],
    ['server-error', 500, undefined, 'internal error'],
    ['unavailable', 503, undefined, 'temporarily'],
  ] as const)('%s is answered as the service does', async (fault, status, inner, text) => {
    await make('faulty', { kty: 'EC', crv: 'P-256' });
    await vault.turn({ fault });
    const answer = await ask('/keys/faulty');
    expect([answer.status, innerOf(answer)]).toEqual([status, inner]);
    expect(errorOf(answer)['message']).toContain(text);
    await vault.turn({ fault: null });
    expect((await ask('/keys/faulty')).status).toBe(200);
  });

  it('prints the address that it is told to, and says how long to wait', async () => {
    await vault.turn({ fault: 'firewall-public', clientAddress: '198.51.100.9' });
    expect(errorOf(await ask('/keys/x'))['message']).toContain('Client address: 198.51.100.9');
    await vault.turn({ fault: 'throttled', retryAfterSeconds: 7 });
    expect((await ask('/keys/x')).headers['retry-after']).toBe('7');
    await vault.turn({ fault: 'html' });
    expect((await ask('/keys/x')).headers['content-type']).toBe('text/html');
  });

  it('meet a share of the calls and the named operations alone', async () => {
    await vault.turn({ fault: 'throttled', share: 0.3, operations: ['get'] });
    const statuses: number[] = [];
    for (let index = 0; index < 10; index += 1) statuses.push((await ask('/keys/none')).status);
    expect(statuses.filter((status) => status === 429)).toHaveLength(3);
    expect((await ask('/deletedkeys/none')).status).toBe(404);
  });

  it('hold the limits of a vault by the weight of the key, do not count refusals, and let go after ten seconds', async () => {
    const path = await make('heavy', { kty: 'RSA', key_size: 3072 });
    clock.advance(10_000);
    await vault.turn({ limits: { units: 8, creations: 1 } });
    const statuses: number[] = [];
    for (let index = 0; index < 4; index += 1) statuses.push((await ask(path)).status);
    expect(statuses).toEqual([200, 200, 429, 429]);
    clock.advance(6_000);
    const refused = await ask(path);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '4']);
    expect((await ask('/keys/heavy/rotate', { body: {} })).status).toBe(200);
    expect((await ask('/keys/heavy/rotate', { body: {} })).status).toBe(429);
    clock.advance(4_000);
    expect((await ask(path)).status).toBe(200);
  });

  it.each([
    ['refused', 'ECONNREFUSED'],
    ['reset', 'ECONNRESET'],
    ['cut', 'ECONNRESET'],
  ] as const)('an outage (%s) breaks connections until it is over', async (outage, code) => {
    await vault.turn({ outage });
    await expect(ask('/keys/x')).rejects.toMatchObject({ code });
    await vault.turn({ outage: null });
    expect((await ask('/keys/x')).status).toBe(404);
  });

  it('answers late, drop by drop, and never', async () => {
    await vault.turn({ slow: { delayMs: 1, drip: false } });
    expect((await ask('/keys/x')).status).toBe(404);
    await vault.turn({ slow: { delayMs: 0, drip: true }, fault: 'html' });
    expect((await ask('/keys/x')).status).toBe(502);
    await vault.turn({ outage: 'hang', slow: CALM.slow });
    const answered = await Promise.race([
      ask('/keys/x').then(
        () => 'answered',
        () => 'ended',
      ),
      new Promise((resolve) => setTimeout(resolve, 50)).then(() => 'nothing'),
    ]);
    expect(answered).toBe('nothing');
  });

  it('shows a certificate that is not good for the name', async () => {
    await expect(ask('/keys/x', { servername: 'kv.vault.azure.net' })).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
    vault.present(presentable(selfSigned()));
    await expect(ask('/keys/x')).rejects.toThrow();
    vault.present(tls);
    expect((await ask('/keys/x')).status).toBe(404);
  });

  it('has a name that no resolver knows', async () => {
    await expect(ask('/keys/x', { url: UNRESOLVABLE_VAULT_URL })).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN)$/),
    });
  });
});

describe('the counters of the stand-in', () => {
  it('count calls by operation and answers by status', async () => {
    vault.forgetCounts();
    await ask('/keys/x');
    await ask('/keys/x', { token: null });
    expect([vault.calls('get'), vault.calls(), vault.answers(404), vault.answers(401)]).toEqual([2, 2, 1, 1]);
  });

  it('listens on this machine alone, and says what it is', async () => {
    const other = new KeyVaultStandIn({ clock });
    await expect(other.start({ tls, host: '0.0.0.0' })).rejects.toThrow('this machine alone');
    expect((await ask('/keys/x')).headers['x-stand-in']).toContain('not Azure Key Vault');
    const named = await other.start({ tls, hostname: 'kv.vault.azure.net' });
    expect([named.resource, new URL(named.vaultUrl).hostname]).toEqual(['https://vault.azure.net', 'kv.vault.azure.net']);
    expect(named.banner).toContain('not Azure Key Vault');
    await other.stop();
  });
});
