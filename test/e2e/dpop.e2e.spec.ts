import { createHash } from 'node:crypto';
import { request as rawRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import { DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { basic, exchangeForm, GRANT, JWT_TYPE, post, type RestAnswer } from '../support/callers.js';
import { describeOnPostgres } from '../support/database.js';
import { type DpopClaims, dpopProver, type DpopProver } from '../support/dpop.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const CONTEXT = { diagnosticId: '00000000-0000-4000-8000-000000000002', transport: 'cli' } as const;
const INVALID = { status: 400, body: { error: 'invalid_dpop_proof', code: 'DPOP_PROOF_INVALID' } };
const ADMIN_PATH = '/admin/v1/keys';

async function withOperator(service: TestService): Promise<void> {
  const olga = { cloud: 'devkit', tid: DEV_DIRECTORY_ID, oid: personaNamed('alice').objectId };
  await service.host.administration.appointFirstOperator(CONTEXT, { apiVersion: 'countersign/bootstrap/v1', operator: olga });
  const digest = createHash('sha256').update(service.secret).digest('hex');
  await service.apply({
    apiVersion: 'countersign/v1',
    tenants: [{ slug: 'acme' }],
    issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
    clients: [
      {
        clientId: 'ops-cli',
        secretSha256: [digest],
        presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
        targets: [{ audience: 'countersign', scopes: ['countersign:**'] }],
      },
    ],
  });
}

describe('RFC 9449: DPoP', () => {
  let service: TestService;
  let uri: string;
  let holder: DpopProver;
  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    await withOperator(service);
    uri = `${service.settings.issuer}/oauth2/token`;
    holder = await dpopProver();
  }, 60_000);
  afterAll(() => service.stop());

  const portal = (): Record<string, string> => ({ authorization: basic(PORTAL_CLIENT_ID, service.secret) });
  const form = (): URLSearchParams =>
    exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE });
  const exchange = (dpop: string, headers: Record<string, string> = portal()): Promise<RestAnswer> =>
    post(service.host, form(), { ...headers, dpop });
  const prove = (claims: Partial<DpopClaims> = {}, header?: Record<string, unknown>) =>
    holder.prove({ htu: uri, ...claims }, header);

  it('§5: binds the token to the key of the proof', async () => {
    const { status, body } = await exchange(await prove());
    expect([status, body['token_type']]).toEqual([200, 'DPoP']);
    expect(decodeJwt(String(body['access_token']))['cnf']).toEqual({ jkt: holder.thumbprint });
  });

  it('§4.3 no. 1: takes one DPoP header, and no second one', async () => {
    const { hostname, port } = new URL(service.host.httpUrl);
    const [one, other] = [await prove(), await prove()];
    const status = await new Promise((resolve, reject) => {
      const headers = { ...portal(), 'content-type': 'application/x-www-form-urlencoded', dpop: [one, other] };
      const sent = rawRequest({ hostname, port, path: '/oauth2/token', method: 'POST', headers }, (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      });
      sent.on('error', reject);
      sent.end(form().toString());
    });
    expect(status).toBe(400);
    expect(await exchange(`${one}, ${other}`)).toMatchObject(INVALID);
    expect((await exchange(one)).status).toBe(200);
  });

  it('§4.3 no. 9: compares the URI with our own, whatever Host and forwarding headers say', async () => {
    const elsewhere = await prove({ htu: 'https://evil.example/oauth2/token' });
    for (const headers of [{ host: 'evil.example' }, { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' }])
      expect(await exchange(elsewhere, { ...portal(), ...headers })).toMatchObject(INVALID);
    expect((await exchange(await prove(), { ...portal(), 'x-forwarded-host': 'evil.example' })).status).toBe(200);
    for (const claims of [{ htm: 'GET' }, { htu: `${service.settings.issuer}/oauth2/revoke` }, { iat: 1 }])
      expect(await exchange(await prove(claims))).toMatchObject(INVALID);
  });

  it('§11.1: takes each proof once: one after the other, and a hundred at a time', async () => {
    const proof = await prove();
    expect((await exchange(proof)).status).toBe(200);
    expect(await exchange(proof)).toMatchObject(INVALID);
    const another = await prove();
    const answers = await Promise.all(Array.from({ length: 100 }, () => exchange(another)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ body }) => body['code'] === 'DPOP_PROOF_INVALID')).toHaveLength(99);
  });

  it('marks nothing as used for somebody who is not known', async () => {
    const proof = await prove();
    expect((await exchange(proof, { authorization: basic(PORTAL_CLIENT_ID, 'wrong') })).status).toBe(401);
    expect((await exchange(proof)).status).toBe(200);
  });

  it('kinds: nothing else passes for a proof, and a proof for nothing else', async () => {
    const ours = String((await post(service.host, form(), portal())).body['access_token']);
    const theirs = service.identityProvider.issue({ persona: 'alice' });
    const assertion = await prove({ iss: PORTAL_CLIENT_ID, sub: PORTAL_CLIENT_ID, aud: service.settings.issuer }, { typ: 'JWT' });
    const cutoffs = await (await fetch(`${service.host.httpUrl}/.well-known/countersign-cutoffs.jwt`)).text();
    for (const other of [ours, theirs, assertion, cutoffs, await prove({}, { typ: 'at+jwt' })])
      expect(await exchange(other)).toMatchObject(INVALID);
    const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    const claims = {
      iss: PORTAL_CLIENT_ID,
      sub: PORTAL_CLIENT_ID,
      aud: service.settings.issuer,
      exp: Math.floor(Date.now() / 1000) + 30,
    };
    const asAssertion = new URLSearchParams([
      ...form(),
      ['client_assertion_type', jwtBearer],
      ['client_assertion', await prove(claims)],
    ]);
    expect((await post(service.host, asAssertion)).status).toBe(401);
    const asSubject = exchangeForm(await prove(), { audience: SAMPLE_AUDIENCE });
    expect((await post(service.host, asSubject, portal())).status).toBe(400);
    const asOperator = await fetch(service.host.httpUrl + ADMIN_PATH, { headers: { authorization: `Bearer ${await prove()}` } });
    expect(asOperator.status).toBe(401);
  });

  it('reads proofs at introspection, revocation and checks too', async () => {
    for (const path of ['/oauth2/introspect', '/oauth2/revoke', '/v1/check']) {
      const isJson = path.startsWith('/v1/');
      const headers = { ...portal(), 'content-type': isJson ? 'application/json' : 'application/x-www-form-urlencoded' };
      const ask = (dpop: string) =>
        fetch(service.host.httpUrl + path, { method: 'POST', headers: { ...headers, dpop }, body: isJson ? '{}' : 'token=x' });
      expect(await (await ask(await prove())).json()).toMatchObject({ code: 'DPOP_PROOF_INVALID' });
      const good = await ask(await prove({ htu: service.settings.issuer + path }));
      expect(await good.text()).not.toContain('DPOP_PROOF_INVALID');
    }
  });

  it('advertises the algorithms that it takes', async () => {
    const metadata = await (await fetch(`${service.host.httpUrl}/.well-known/oauth-authorization-server`)).json();
    expect(metadata).toMatchObject({ dpop_signing_alg_values_supported: ['ES256', 'EdDSA', 'Ed25519', 'PS256', 'RS256'] });
  });

  describe('§7: an operator whose token is bound', () => {
    const open = (headers: Record<string, string>) => fetch(service.host.httpUrl + ADMIN_PATH, { headers });
    const bound = async (): Promise<string> => {
      const subject = service.identityProvider.issue({ persona: 'alice' });
      const wish = exchangeForm(subject, { audience: 'countersign', tenant: 'platform' });
      const headers = { authorization: basic('ops-cli', service.secret), dpop: await prove() };
      return String((await post(service.host, wish, headers)).body['access_token']);
    };
    const proofFor = (token: string, claims: Partial<DpopClaims> = {}, by = holder) =>
      by.prove({ htu: service.settings.issuer + ADMIN_PATH, htm: 'GET', token, ...claims });

    it('is let in with proof of its key, made for this request and this token, once', async () => {
      const token = await bound();
      const dpop = await proofFor(token);
      expect((await open({ authorization: `DPoP ${token}`, dpop })).status).toBe(200);
      expect((await open({ authorization: `DPoP ${token}`, dpop })).status).toBe(401);
    });

    it('is not let in otherwise', async () => {
      const token = await bound();
      const thief = await dpopProver();
      for (const headers of [
        { authorization: `Bearer ${token}` },
        { authorization: `DPoP ${token}` },
        { authorization: `Bearer ${token}`, dpop: await proofFor(token) },
        { authorization: `DPoP ${token}`, dpop: await proofFor(token, {}, thief) },
        { authorization: `DPoP ${token}`, dpop: await proofFor(`${token}x`) },
        { authorization: `DPoP ${token}`, dpop: await proofFor(token, { htm: 'POST' }) },
        { authorization: `DPoP ${token}`, dpop: await proofFor(token, { htu: uri }) },
        { authorization: `DPoP ${token}`, dpop: await prove() },
      ]) {
        const answer = await open(headers);
        expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('invalid_token')]);
      }
    });
  });
});

describe('RFC 9449 §8, §9: where nonces are required', () => {
  let service: TestService;
  let holder: DpopProver;
  beforeAll(async () => {
    const grants = { replayWhenStoreIsAway: 'refuse', dpopNonces: 'required' } as const;
    service = await startService({ database: { kind: 'embedded', directory: null }, settings: { grants } });
    await withOperator(service);
    holder = await dpopProver();
  }, 60_000);
  afterAll(() => service.stop());

  const exchange = async (
    claims: Record<string, unknown>,
    wish: Record<string, string> = { audience: SAMPLE_AUDIENCE },
    clientId = PORTAL_CLIENT_ID,
  ) =>
    post(service.host, exchangeForm(service.identityProvider.issue({ persona: 'alice' }), wish), {
      authorization: basic(clientId, service.secret),
      dpop: await holder.prove({ htu: `${service.settings.issuer}/oauth2/token`, ...claims }),
    });

  it('a proof without a fresh one is told which to use', async () => {
    for (const nonce of [undefined, 'stale']) {
      const refused = await exchange({ nonce });
      expect(refused).toMatchObject({ status: 400, body: { error: 'use_dpop_nonce', code: 'DPOP_NONCE_REQUIRED' } });
      expect((await exchange({ nonce: refused.headers.get('dpop-nonce') })).status).toBe(200);
    }
  });

  it('§9: an operator is told it by 401', async () => {
    const nonce = (await exchange({})).headers.get('dpop-nonce');
    const token = String(
      (await exchange({ nonce }, { audience: 'countersign', tenant: 'platform' }, 'ops-cli')).body['access_token'],
    );
    const open = async (claims: Record<string, unknown>) =>
      fetch(service.host.httpUrl + ADMIN_PATH, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await holder.prove({ htu: service.settings.issuer + ADMIN_PATH, htm: 'GET', token, ...claims }),
        },
      });
    const refused = await open({});
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringMatching(/^DPoP .*use_dpop_nonce/),
    ]);
    expect((await open({ nonce: refused.headers.get('dpop-nonce') })).status).toBe(200);
  });

  it('openid-client exchanges, and finds the nonce by itself', async () => {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the service is on loopback here
    const options = { execute: [client.allowInsecureRequests], algorithm: 'oauth2' as const };
    const authentication = client.ClientSecretBasic(service.secret);
    const config = await client.discovery(new URL(service.settings.issuer), PORTAL_CLIENT_ID, undefined, authentication, options);
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair());
    const wish = {
      subject_token: service.identityProvider.issue({ persona: 'alice' }),
      subject_token_type: JWT_TYPE,
      audience: SAMPLE_AUDIENCE,
    };
    const issued = await client.genericGrantRequest(config, GRANT, wish, { DPoP });
    expect(issued.token_type).toBe('dpop');
    expect(decodeJwt(issued.access_token)['cnf']).toEqual({ jkt: await DPoP.calculateThumbprint() });
  });
});

describeOnPostgres('RFC 9449 §11.1 across replicas', (open) => {
  it('takes each proof once, of a hundred at a time on two of them', async () => {
    const service = await startService({ database: (await open()).settings });
    try {
      const hosts = [service.host, await service.another()];
      const holder = await dpopProver();
      const dpop = await holder.prove({ htu: `${service.settings.issuer}/oauth2/token` });
      const headers = { authorization: basic(PORTAL_CLIENT_ID, service.secret), dpop };
      const body = exchangeForm(service.identityProvider.issue({ persona: 'alice' }), { audience: SAMPLE_AUDIENCE });
      const answers = await Promise.all(
        Array.from({ length: 100 }, (_unused, at) => post(hosts[at % 2] ?? service.host, body, headers)),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ body: told }) => told['code'] === 'DPOP_PROOF_INVALID')).toHaveLength(99);
    } finally {
      await service.stop();
    }
  }, 60_000);
});
