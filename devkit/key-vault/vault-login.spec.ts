import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '#utilities/clock/manual.clock.js';
import { selfSigned } from '../../test/support/self-signed.js';
import { KeyVaultStandIn, STAND_IN_CLIENT_ID, STAND_IN_DIRECTORY_ID } from './key-vault-stand-in.js';
import { presentable, VaultCaller, type VaultReply } from './vault-caller.js';
import { CALM } from './vault-knobs.js';

const tls = presentable(selfSigned());
const vault = new KeyVaultStandIn({ clock: new ManualClock() });
let vaultUrl = '';
let authorization = '';
let resource = '';

beforeAll(async () => {
  ({ vaultUrl, authorization, resource } = await vault.start({ tls }));
});
afterAll(() => vault.stop());
afterEach(() => vault.turn(CALM));

const caller = new VaultCaller({ vaultUrl: () => vaultUrl, ca: tls.cert, token: () => vault.issueToken() });

function login(changes: Record<string, string> = {}): Promise<VaultReply> {
  const form = {
    grant_type: 'client_credentials',
    client_id: STAND_IN_CLIENT_ID,
    client_secret: vault.clientSecret,
    scope: `${resource}/.default openid`,
    ...changes,
  };
  return caller.ask(`${authorization}/oauth2/v2.0/token?`, { text: new URLSearchParams(form).toString(), token: null });
}

describe('the token endpoint of the Key Vault stand-in', () => {
  it('is where the challenge leads, and its tokens open the vault', async () => {
    expect(authorization).toBe(`${vaultUrl}/${STAND_IN_DIRECTORY_ID}`);
    const { status, json } = await login();
    expect([status, json['token_type'], json['expires_in']]).toEqual([200, 'Bearer', 3_600]);
    expect((await caller.ask('/keys/none', { token: String(json['access_token']) })).status).toBe(404);
  });

  it.each([
    [{ client_secret: 'guess' }, 7000215],
    [{ client_id: 'another' }, 700016],
    [{ grant_type: 'password' }, 70003],
    [{ scope: 'https://graph.microsoft.com/.default' }, 500011],
  ])('refuses %j', async (changes, code) => {
    const { status, json } = await login(changes);
    expect([status, json['error_codes']]).toEqual([400, [code]]);
    expect(json).not.toHaveProperty('access_token');
  });

  it.each([
    ['expired-secret', 401, 7000222],
    ['unavailable', 503, 90033],
  ] as const)('fails when told to: %s', async (trouble, status, code) => {
    await vault.turn({ login: trouble });
    expect(await login()).toMatchObject({ status, json: { error_codes: [code] } });
  });
});
