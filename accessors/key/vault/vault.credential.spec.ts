import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { presentable } from '#devkit/key-vault/vault-caller.js';
import { selfSigned } from '../../../test/support/self-signed.js';
import { MsalVaultCredential, type VaultProof } from './vault.credential.js';
import { VaultHttp } from './vault.http.js';
import { VaultNetwork } from './vault.network.js';

const TENANT = '1f0c2a4e-6b7d-4c3a-9e5f-0a1b2c3d4e5f';
const CLIENT = '6e74172b-be56-4843-9ff4-e66a39bb12e3';
const SECRET = 'canary-secret-canary-secret';
const RESOURCE = 'https://vault.azure.net';

const home = mkdtempSync(join(tmpdir(), 'vault-credential-'));
const tls = presentable(selfSigned());
const http = new VaultHttp({ ca: tls.cert, connectTimeoutMs: 2_000, timeoutMs: 2_000 });
const asked: { path: string; form: URLSearchParams }[] = [];
let answer: { status: number; body: unknown };
let login: Server;
let authority = '';

beforeAll(async () => {
  login = createTlsServer(tls, (request, response) => {
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      asked.push({ path: request.url ?? '', form: new URLSearchParams(text) });
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body));
    });
  });
  authority = `https://localhost:${await listening(login)}/${TENANT}`;
  writeFileSync(join(home, 'secret'), `${SECRET}\n`);
  writeFileSync(join(home, 'federated'), 'header.payload.signature\n');
  writeFileSync(join(home, 'empty'), '');
});
afterAll(() => {
  http.close();
  login.close();
  rmSync(home, { recursive: true });
});
beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, body: { token_type: 'Bearer', expires_in: 3_600, access_token: 'the-access-token' } };
});

describe('the credential for a vault', () => {
  it('asks the tenant that the vault names, for the vault alone, with a secret out of its file', async () => {
    const token = await credential({ kind: 'secretFile', file: join(home, 'secret') }).acquire({ authority, resource: RESOURCE });
    expect(token.value).toBe('the-access-token');
    expect(asked.map(({ path }) => path)).toEqual([expect.stringMatching(new RegExp(`^/${TENANT}/oauth2/v2.0/token`))]);
    const form = Object.fromEntries(asked[0]?.form ?? []);
    expect(form).toMatchObject({ grant_type: 'client_credentials', client_id: CLIENT, client_secret: SECRET });
    expect(form['scope']).toContain(`${RESOURCE}/.default`);
  });

  it('proves itself with the token of another issuer', async () => {
    await credential({ kind: 'federatedTokenFile', file: join(home, 'federated') }).acquire({ authority, resource: RESOURCE });
    expect(asked[0]?.form.get('client_assertion')).toBe('header.payload.signature');
    expect(asked[0]?.form.get('client_secret')).toBeNull();
  });

  it('asks anew each time, and takes a file that was changed in between', async () => {
    const file = join(home, 'rotated');
    writeFileSync(file, 'first');
    const changing = credential({ kind: 'secretFile', file });
    await changing.acquire({ authority, resource: RESOURCE });
    writeFileSync(file, 'second');
    await changing.acquire({ authority, resource: RESOURCE });
    expect(asked.map(({ form }) => form.get('client_secret'))).toEqual(['first', 'second']);
  });

  it('says what Entra refused, and nothing of the secret', async () => {
    const body = { error: 'invalid_client', error_description: `AADSTS7000215: ${SECRET}`, error_codes: [7000215] };
    answer = { status: 401, body };
    const refused = await credential({ kind: 'secretFile', file: join(home, 'secret') })
      .acquire({ authority, resource: RESOURCE })
      .catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({
      code: 'VAULT_CREDENTIAL_REFUSED',
      details: { internal: expect.stringMatching(/401 invalid_client AADSTS7000215/) },
    });
    expect(inspect(refused, { depth: null })).not.toContain(SECRET);
  });

  it.each([
    ['a file that is empty', { kind: 'secretFile', file: join(home, 'empty') }],
    ['a file that is not there', { kind: 'federatedTokenFile', file: join(home, 'absent') }],
    ['a certificate that is none', { kind: 'certificateFile', certFile: join(home, 'secret'), keyFile: join(home, 'secret') }],
  ] as const)('asks nobody with %s', async (_, proof) => {
    await expect(credential(proof).acquire({ authority, resource: RESOURCE })).rejects.toMatchObject({
      code: 'VAULT_CREDENTIAL_REFUSED',
    });
    expect(asked).toEqual([]);
  });

  it('gives no token of one tenant to a vault of another', async () => {
    const bound = credential({ kind: 'secretFile', file: join(home, 'secret') }, '00000000-0000-4000-8000-000000000000');
    await expect(bound.acquire({ authority, resource: RESOURCE })).rejects.toMatchObject({ code: 'VAULT_CHALLENGE_UNTRUSTED' });
    expect(asked).toEqual([]);
  });

  it('is heard of when the login host does not answer', async () => {
    const nowhere = `https://localhost:1/${TENANT}`;
    await expect(
      credential({ kind: 'secretFile', file: join(home, 'secret') }).acquire({ authority: nowhere, resource: RESOURCE }),
    ).rejects.toMatchObject({
      code: 'VAULT_CREDENTIAL_REFUSED',
      details: { internal: expect.stringContaining('was not reached') },
    });
  });
});

describe('a managed identity', () => {
  it('asks the platform over plain HTTP on the machine itself, for the vault alone', async () => {
    const questions: URL[] = [];
    const platform = createServer((request, response) => {
      questions.push(new URL(request.url ?? '', 'http://platform'));
      const body = { access_token: 'of-the-identity', expires_in: 3_600, resource: RESOURCE, token_type: 'Bearer' };
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'] = `http://127.0.0.1:${await listening(platform)}`;
    try {
      const token = await credential({ kind: 'managedIdentity' }).acquire({ authority, resource: RESOURCE });
      expect(token.value).toBe('of-the-identity');
      expect(questions[0]?.searchParams.get('resource')).toBe(RESOURCE);
      expect(questions[0]?.searchParams.get('client_id')).toBe(CLIENT);
    } finally {
      delete process.env['AZURE_POD_IDENTITY_AUTHORITY_HOST'];
      platform.close();
    }
  });

  it('sends nothing over plain HTTP to any other machine', async () => {
    const network = new VaultNetwork({ http });
    await expect(network.sendGetRequestAsync('http://192.0.2.1/metadata/identity/oauth2/token')).rejects.toThrow('plain HTTP');
  });
});

function credential(proof: VaultProof, tenantId: string | null = null): MsalVaultCredential {
  return new MsalVaultCredential({ proof, clientId: CLIENT, tenantId, network: () => new VaultNetwork({ http }) });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
