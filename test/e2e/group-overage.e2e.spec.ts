import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_APPROVERS_GROUP_ID, DEV_DIRECTORY_ID } from '#devkit/entra-issuer/personas.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { selfSigned } from '../support/self-signed.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../support/service.js';

const APPROVER = ['billing:invoice:approve', 'billing:invoice:create', 'billing:invoice:read', 'billing:report:read'];

describe('A subject in too many groups for its token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-overage-'));
  /** Login host and Graph: over TLS, which msal-node insists on. */
  const entra = new EntraDevIssuer({ clock: new SystemClock() });
  let service: TestService;
  let authorization = '';

  const start = async (): Promise<void> => {
    service = await startService({
      database: { kind: 'embedded', directory: null },
      settings: {
        directories: [
          {
            issuer: 'devkit',
            cloud: { loginBase: entra.cloud.loginBase, graphBase: entra.cloud.loginBase },
            tenantId: DEV_DIRECTORY_ID,
            clientId: DEV_API_CLIENT_ID,
            credential: { kind: 'secretFile', file: join(folder, 'secret') },
            mode: 'application',
            caFile: join(folder, 'ca.pem'),
          },
        ],
      },
    });
    authorization = basic(PORTAL_CLIENT_ID, service.secret);
  };

  beforeAll(async () => {
    const { certificate, privateKey } = selfSigned();
    await entra.start({ tls: { cert: certificate, key: privateKey } });
    writeFileSync(join(folder, 'ca.pem'), certificate);
    writeFileSync(join(folder, 'secret'), entra.directory.secret);
    await start();
  }, 60_000);
  afterEach(() => {
    entra.directory.calm();
  });
  afterAll(async () => {
    await service.stop();
    await entra.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const carol = (): string => service.identityProvider.issue({ persona: 'carol' });
  const overRest = (): ReturnType<typeof post> => post(service.host, exchangeForm(carol()), { authorization });
  const overGrpc = (): ReturnType<typeof call> =>
    call(service.host, authorization, { subjectToken: carol(), subjectTokenType: JWT_TYPE });

  it('is told as transient over both transports while the directory is away, and nothing is issued', async () => {
    entra.directory.turnGraph({ status: 429, retryAfter: '2' });
    const refused = await overRest();
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ error: 'temporarily_unavailable', code: 'DIRECTORY_UNAVAILABLE' });
    expect(refused.headers.get('retry-after')).toBe('2');
    const { failure } = await overGrpc();
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', reason: 'DIRECTORY_UNAVAILABLE' });
    expect(failure?.retrySeconds).toBeGreaterThan(0);
    // Whose groups are in the token does not depend on the directory.
    const alice = service.identityProvider.issue({ persona: 'alice' });
    expect((await post(service.host, exchangeForm(alice), { authorization })).status).toBe(200);
    // Only the first of them asked.
    expect(entra.hits('checkMemberGroups')).toBe(1);
  });

  it('is a fault of ours when our own credential is refused: 500, INTERNAL, and not a word why', async () => {
    await service.stop();
    entra.directory.turnRegistration({ secretExpired: true });
    await start();
    const refused = await overRest();
    expect(refused.status).toBe(500);
    expect(refused.body).toMatchObject({ error: 'server_error', code: 'INTERNAL' });
    expect(JSON.stringify(refused.body)).not.toMatch(/AADSTS|secret|invalid_client/);
    expect((await overGrpc()).failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
  }, 60_000);

  it('gets the permissions of its groups, resolved once for both transports', async () => {
    await service.stop();
    await start();
    const before = entra.hits('checkMemberGroups');
    const answer = await overRest();
    expect(answer.status).toBe(200);
    expect(decodeJwt(String(answer.body['access_token']))['permissions']).toEqual(APPROVER);
    const { response } = await overGrpc();
    expect(decodeJwt(response?.accessToken ?? '')['permissions']).toEqual(APPROVER);
    expect(entra.hits('checkMemberGroups') - before).toBe(1);
  }, 60_000);

  it('gets nothing of a group that it has left, once what was remembered is old', async () => {
    await service.stop();
    entra.directory.setMember('carol', DEV_APPROVERS_GROUP_ID, false);
    await start();
    expect((await overRest()).body).toMatchObject({ error: 'invalid_request', code: 'PERMISSION_NONE' });
    expect((await overGrpc()).failure).toMatchObject({ code: 'PERMISSION_DENIED', reason: 'PERMISSION_NONE' });
  }, 60_000);
});
