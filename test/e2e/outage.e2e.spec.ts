import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import pg from 'pg';
import { type PrivateCluster, startPrivateCluster } from '#devkit/postgres/private-cluster.js';
import { basic, call, exchangeForm, JWT_TYPE, post } from '../support/callers.js';
import { isPostgresInstalled } from '../support/database.js';
import { PORTAL_CLIENT_ID, startService, type TestService } from '../support/service.js';
import { until } from '../support/until.js';

const run = isPostgresInstalled() ? describe : describe.skip;

run('With PostgreSQL away', () => {
  let cluster: PrivateCluster;
  let service: TestService;
  let authorization: string;
  beforeAll(async () => {
    const started = await startPrivateCluster();
    if (started === undefined) throw new Error('no PostgreSQL is installed');
    cluster = started;
    service = await startService({ database: { kind: 'postgres', url: cluster.url, poolSize: 4 } });
    authorization = basic(PORTAL_CLIENT_ID, service.secret);
  }, 60_000);
  afterAll(async () => {
    await service.stop();
    await cluster.stop();
  });

  const exchange = (): ReturnType<typeof post> =>
    post(service.host, exchangeForm(service.identityProvider.issue({ persona: 'alice' })), { authorization });

  it('nothing is issued, the answer says when to try again, and keys are served all the same', async () => {
    expect((await exchange()).status).toBe(200);
    await cluster.halt();
    const refused = await exchange();
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({
      error: 'temporarily_unavailable',
      code: expect.stringMatching(/^(AUDIT|STORE)_UNAVAILABLE$/),
    });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const subjectToken = service.identityProvider.issue({ persona: 'alice' });
    const { failure } = await call(service.host, authorization, { subjectToken, subjectTokenType: JWT_TYPE });
    expect(failure?.code).toBe('UNAVAILABLE');
    expect(failure?.retrySeconds).toBeGreaterThan(0);
    expect((await fetch(`${service.host.httpUrl}/.well-known/jwks.json`)).status).toBe(200);
    expect((await fetch(`${service.host.httpUrl}/readyz`)).status).toBe(200);
    await cluster.resume();
    await until('exchanges work again', async () => (await exchange()).status === 200);
  }, 60_000);

  it('every token that was answered has its record, also when the server crashes under load', async () => {
    const answered: string[] = [];
    let going = true;
    const caller = async (): Promise<void> => {
      while (going) {
        const answer = await exchange();
        if (answer.status === 200) answered.push(String(decodeJwt(String(answer.body['access_token'])).jti));
      }
    };
    const callers = Promise.all([caller(), caller(), caller(), caller()]);
    await until('some were answered', () => answered.length > 20);
    await cluster.halt();
    await cluster.resume();
    const before = answered.length;
    await until('some more were answered', () => answered.length > before + 20);
    going = false;
    await callers;
    const client = new pg.Client({ connectionString: cluster.url });
    await client.connect();
    const { rows } = await client.query<{ token_id: string }>('select token_id from audit_record where outcome = $1', ['issued']);
    await client.end();
    const recorded = new Set(rows.map((row) => row.token_id));
    expect(answered.filter((id) => !recorded.has(id))).toEqual([]);
    expect(recorded.size).toBe(rows.length);
  }, 60_000);
});
