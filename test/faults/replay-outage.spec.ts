import { type KeyObject, generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, SignJWT } from 'jose';
import { type Host, startHost } from '#clients/host.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_SPA_CLIENT_ID } from '#devkit/entra-issuer/personas.js';
import { type PrivateCluster, startPrivateCluster } from '#devkit/postgres/private-cluster.js';
import pg from 'pg';
import { exchangeForm, post, type RestAnswer } from '../support/callers.js';
import { isPostgresInstalled } from '../support/database.js';
import { dpopProver } from '../support/dpop.js';
import { SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';
import { until } from '../support/until.js';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const HERE_ALONE = 'single use of the proof known to this process alone';

const run = isPostgresInstalled() ? describe : describe.skip;

/** Two processes on one database: one goes by what it has seen itself and has a spool, the other one refuses. */
run('What may be used once, with PostgreSQL stopped under a running service', () => {
  const home = mkdtempSync(join(tmpdir(), 'countersign-replay-'));
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  let cluster: PrivateCluster;
  let service: TestService;
  let goesOn: Host;
  let refuses: Host;
  beforeAll(async () => {
    const started = await startPrivateCluster();
    if (started === undefined) throw new Error('no PostgreSQL is installed');
    cluster = started;
    const spool = { directory: join(home, 'spool'), maxBytes: 10_000_000 };
    const audit = { retentionDays: null, anchor: { file: null, url: null, bearerFile: null }, spool };
    service = await startService({
      database: { kind: 'postgres', url: cluster.url, poolSize: 4 },
      settings: { audit, grants: { replayWhenStoreIsAway: 'per-process', dpopNonces: 'off' } },
    });
    goesOn = service.host;
    await service.apply(await documentOf(service, keys.publicKey));
    const { settings } = service;
    refuses = await startHost(
      {
        ...settings,
        http: { ...settings.http, port: 0 },
        grpc: { ...settings.grpc, port: 0 },
        audit: { ...audit, spool: null },
        grants: { ...settings.grants, replayWhenStoreIsAway: 'refuse' },
      },
      { migrate: false, unsafeRole: 'step-down' },
    );
    // What an exchange reads is in memory from then on.
    for (const host of [goesOn, refuses]) expect((await exchanged(host, await assertion())).status).toBe(200);
    await cluster.halt();
  }, 120_000);
  afterAll(async () => {
    await refuses.stop();
    await service.stop();
    await cluster.stop();
    rmSync(home, { recursive: true });
  });

  it('is refused where the setting says so, as something that is away and never as a bad credential', async () => {
    const { status, headers, body } = await exchanged(refuses, await assertion());
    expect({ status, ...body }).toMatchObject({ status: 503, error: 'temporarily_unavailable', code: 'REPLAY_UNCHECKED' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('www-authenticate')).toBeNull();
  });

  it('is good once in each process where the setting says so, and has a record that says so', async () => {
    const text = await assertion();
    expect((await exchanged(goesOn, text)).status).toBe(200);
    const again = await exchanged(goesOn, text);
    expect({ status: again.status, ...again.body }).toMatchObject({ status: 401, code: 'CLIENT_ASSERTION_REPEATED' });

    const { prove } = await dpopProver();
    const dpop = await prove({ htu: `${service.settings.issuer}/oauth2/token` });
    expect((await exchanged(goesOn, await assertion(), { dpop })).body).toMatchObject({ token_type: 'DPoP' });
    const stolen = await exchanged(goesOn, await assertion(), { dpop });
    expect({ status: stolen.status, ...stolen.body }).toMatchObject({ status: 400, error: 'invalid_dpop_proof' });
  });

  it('is known everywhere again once PostgreSQL is back, and every record has come to it', async () => {
    await cluster.resume();
    await until('the other one takes assertions again', async () => (await exchanged(refuses, await assertion())).status === 200);
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    const kept = async (): Promise<string[]> => {
      const sql = `select outcome || coalesce(' ' || code, '') as what from audit_record where detail like $1 or code is not null`;
      return (await client.query<{ what: string }>(sql, [`%${HERE_ALONE}%`])).rows.map(({ what }) => what);
    };
    await until('the spool is shipped', async () => (await kept()).length >= 3);
    // Whoever sends an assertion a second time has proven nothing, and has no record.
    expect((await kept()).sort()).toEqual(['issued', 'issued', 'refused DPOP_PROOF_INVALID']);
    await client.end();
  });

  async function assertion(): Promise<string> {
    return new SignJWT({ jti: randomUUID(), aud: service.settings.issuer })
      .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
      .setIssuer('keyed')
      .setSubject('keyed')
      .setIssuedAt()
      .setExpirationTime('60s')
      .sign(keys.privateKey);
  }

  function exchanged(host: Host, client_assertion: string, headers: Readonly<Record<string, string>> = {}): Promise<RestAnswer> {
    const subjectToken = service.identityProvider.issue({ persona: 'alice' });
    const more = { audience: SAMPLE_AUDIENCE, client_assertion, client_assertion_type: JWT_BEARER };
    return post(host, exchangeForm(subjectToken, more), headers);
  }
});

async function documentOf({ identityProvider }: TestService, publicKey: KeyObject): Promise<Readonly<Record<string, unknown>>> {
  const key = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256' };
  return {
    apiVersion: 'countersign/v1',
    issuers: sampleDocument(identityProvider.cloud, '0'.repeat(64))['issuers'],
    clients: [
      {
        clientId: 'keyed',
        authentication: { methods: ['private_key_jwt'], keys: [key] },
        presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
        targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
      },
    ],
  };
}
