import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import { EntraDevIssuer } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, type PersonaName, personaNamed } from '#devkit/entra-issuer/personas.js';
import { SystemClock } from '#utilities/clock/system.clock.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { selfSigned } from '../support/self-signed.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../support/service.js';

const CLERK = ['billing:invoice:create', 'billing:invoice:read', 'billing:report:read'];
const OVERAGE = { groups: undefined, _claim_names: { groups: 'src1' } };

describe('A subject in too many groups for its token', () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-overage-'));
  /** Login host and Graph: over TLS, which msal-node insists on. */
  const entra = new EntraDevIssuer({ clock: new SystemClock() });
  let service: TestService;

  const start = (): Promise<TestService> =>
    startService({
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

  beforeAll(async () => {
    const { certificate, privateKey } = selfSigned();
    await entra.start({ tls: { cert: certificate, key: privateKey } });
    writeFileSync(join(folder, 'ca.pem'), certificate);
    writeFileSync(join(folder, 'secret'), entra.directory.secret);
    service = await start();
  }, 60_000);
  afterEach(() => {
    entra.directory.calm();
  });
  afterAll(async () => {
    await service.stop();
    await entra.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const token = (persona: PersonaName): string => service.identityProvider.issue({ persona, overrides: OVERAGE });
  const authorization = (): string => basic(PORTAL_CLIENT_ID, service.secret);
  const overRest = (subjectToken: string): ReturnType<typeof post> =>
    post(service.host, exchangeForm(subjectToken), { authorization: authorization() });
  const overGrpc = (subjectToken: string): ReturnType<typeof call> =>
    call(service.host, authorization(), { subjectToken, subjectTokenType: JWT_TYPE });

  it('gets the permissions of its groups, asked for once for both transports', async () => {
    const answer = await overRest(token('carol'));
    expect(answer.status).toBe(200);
    const permissions = ['billing:invoice:approve', ...CLERK];
    expect(decodeJwt(String(answer.body['access_token']))['permissions']).toEqual(permissions);
    const { response } = await overGrpc(token('carol'));
    expect(decodeJwt(response?.accessToken ?? '')['permissions']).toEqual(permissions);
    expect(entra.hits('checkMemberGroups')).toBe(1);
  });

  it('gets nothing of a group that it is not in, and what is assigned to it all the same', async () => {
    entra.directory.add(personaNamed('alice').objectId);
    const answer = await overRest(token('alice'));
    expect(decodeJwt(String(answer.body['access_token']))['permissions']).toEqual(CLERK);
  });

  it('is told as transient over both transports while the directory is away, and nothing is issued', async () => {
    const before = entra.hits('checkMemberGroups');
    entra.directory.turnGraph({ status: 429, retryAfter: '20' });
    const refused = await overRest(token('bob'));
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({ error: 'temporarily_unavailable', code: 'DIRECTORY_UNAVAILABLE' });
    expect(refused.headers.get('retry-after')).toBe('20');
    const { failure } = await overGrpc(token('bob'));
    expect(failure).toMatchObject({ code: 'UNAVAILABLE', reason: 'DIRECTORY_UNAVAILABLE' });
    expect(failure?.retrySeconds).toBeGreaterThan(0);
    expect(entra.hits('checkMemberGroups') - before).toBe(1);
    // Who is remembered, and whose groups are in the token, does not depend on the directory.
    expect((await overRest(token('carol'))).status).toBe(200);
    expect((await overRest(service.identityProvider.issue({ persona: 'bob' }))).status).toBe(200);
  });

  it('is a fault of ours when our own credential is refused: 500, INTERNAL, and not a word why', async () => {
    await service.stop();
    entra.directory.turnRegistration({ secretExpired: true });
    service = await start();
    const refused = await overRest(token('carol'));
    expect(refused.status).toBe(500);
    expect(refused.body).toMatchObject({ error: 'server_error', code: 'INTERNAL' });
    expect(JSON.stringify(refused.body)).not.toMatch(/AADSTS|secret|invalid_client/);
    expect((await overGrpc(token('carol'))).failure).toMatchObject({ code: 'INTERNAL', reason: 'INTERNAL' });
  }, 60_000);
});
