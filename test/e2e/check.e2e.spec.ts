import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DEV_API_CLIENT_ID, DEV_DIRECTORY_ID, DEV_SPA_CLIENT_ID, personaNamed } from '#devkit/entra-issuer/personas.js';
import { sampleDocument } from '#devkit/demonstration/sample-document.js';
import type { CheckSubject } from '#protos/generated/countersign/auth/v1/auth.js';
import { basic, exchangeForm, post } from '../support/callers.js';
import { batchOverGrpc, everythingOverGrpc, type JsonAnswer, oneOverGrpc, postJson, postText } from '../support/checks.js';
import { describeOnEachDatabase } from '../support/database.js';
import { PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

const READ = 'billing:invoice:read';
const CREATE = 'billing:invoice:create';
const APPROVE = 'billing:invoice:approve';
const OTHER_AUDIENCE = 'https://stock.acme.example';
/** Enforces decisions of the application and has no tokens for it. */
const CHECKER = 'billing-api';
/** May also ask why. */
const EXPLAINER = 'support-desk';

describeOnEachDatabase('A live check', (open) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ database: (await open()).settings });
    const digest = createHash('sha256').update(service.secret).digest('hex');
    const presents = { audiences: [{ issuer: 'devkit', id: DEV_API_CLIENT_ID }] };
    await service.apply({
      apiVersion: 'countersign/v1',
      tenants: [{ slug: 'acme' }, { slug: 'other' }],
      issuers: sampleDocument(service.identityProvider.cloud, digest)['issuers'],
      applications: [{ audience: OTHER_AUDIENCE, prefix: 'stock', permissions: [{ name: 'stock:item:read' }] }],
      policies: [POLICY],
      clients: [
        { clientId: CHECKER, secretSha256: [digest], presents, checks: [SAMPLE_AUDIENCE] },
        { clientId: EXPLAINER, secretSha256: [digest], presents, checks: [SAMPLE_AUDIENCE, OTHER_AUDIENCE], explains: true },
        {
          clientId: 'two-targets',
          secretSha256: [digest],
          presents: { own: [{ issuer: 'devkit', id: DEV_SPA_CLIENT_ID }] },
          targets: [{ audience: SAMPLE_AUDIENCE, scopes: ['billing:**'] }],
          checks: [SAMPLE_AUDIENCE],
        },
      ],
    });
  }, 60_000);
  afterAll(() => service.stop());

  const as = (client: string): string => basic(client, service.secret);
  const upstream = (persona: 'alice' | 'bob' = 'alice', changes = {}): string =>
    service.identityProvider.issue({ persona, ...changes });
  const check = (body: object, client = CHECKER): Promise<JsonAnswer> => postJson(service.host, '/v1/check', as(client), body);
  const codes = ({ body }: JsonAnswer): unknown => (body['results'] as { code: string }[] | undefined)?.map(({ code }) => code);
  const asked = (permissions: readonly string[]): object[] => permissions.map((permission) => ({ permission }));
  const issued = async (persona: 'alice' | 'bob' = 'alice', more: Record<string, string> = {}): Promise<string> => {
    const form = exchangeForm(upstream(persona), { audience: SAMPLE_AUDIENCE, ...more });
    const answer = await post(service.host, form, { authorization: as(PORTAL_CLIENT_ID) });
    return String(answer.body['access_token'] ?? answer.body['code']);
  };

  it('answers a denial as it answers a grant: with 200, over REST and gRPC alike', async () => {
    const token = await issued();
    const overRest = await check({ subject_token: token, items: asked([READ, APPROVE, 'billing:no:such']) });
    expect([overRest.status, codes(overRest)]).toEqual([200, ['granted', 'no_grant', 'permission_unknown']]);
    expect(overRest.headers.get('cache-control')).toBe('no-store');
    expect(overRest.body).toMatchObject({
      policy_version: 'main@2',
      epoch: expect.any(Number),
      consistency_token: expect.stringMatching(/^[\w.-]+$/),
      decision_id: expect.stringMatching(/^[\da-f-]{36}$/),
      results: [{ allowed: true }, { allowed: false }, { allowed: false }],
    });
    const subject: CheckSubject = { by: { $case: 'token', value: token } };
    const items = [READ, APPROVE].map((permission) => ({ permission, resource: undefined }));
    const question = { subject, items, explain: false, circumstances: { audience: SAMPLE_AUDIENCE } };
    const { response } = await batchOverGrpc(service.host, as(CHECKER), question);
    expect(response?.decisions.map(({ allowed, code }) => [allowed, code])).toEqual([
      [true, 'granted'],
      [false, 'no_grant'],
    ]);
    expect(response?.state).toMatchObject({ policyVersion: 'main@2', consistencyToken: overRest.body['consistency_token'] });
    const single = await oneOverGrpc(service.host, as(CHECKER), question);
    expect(single.response?.decision).toMatchObject({ allowed: true, code: 'granted', explanationJson: '' });
  });

  it('answers by the token of the identity provider, by key and by identity', async () => {
    const { objectId } = personaNamed('alice');
    const identity = { instance: `entra:${service.identityProvider.cloud.name}:${DEV_DIRECTORY_ID}`, external_id: objectId };
    const named = { tenant: 'acme', items: asked([READ, APPROVE]) };
    expect(codes(await check({ subject_token: upstream(), items: asked([READ, APPROVE]) }))).toEqual(['granted', 'no_grant']);
    expect(codes(await check({ ...named, subject: { key: 'alice' } }))).toEqual(['granted', 'no_grant']);
    expect(codes(await check({ ...named, subject: { identity } }))).toEqual(['granted', 'no_grant']);
    expect(codes(await check({ ...named, subject: { key: 'nobody' } }))).toEqual(['no_grant', 'no_grant']);
    expect(codes(await check({ ...named, subject: { identity: { ...identity, external_id: randomUUID() } } }))).toEqual([
      'no_grant',
      'no_grant',
    ]);
    const subject: CheckSubject = { by: { $case: 'key', value: 'alice' } };
    const items = [{ permission: READ, resource: undefined }];
    const { response } = await batchOverGrpc(service.host, as(CHECKER), {
      subject,
      items,
      explain: false,
      circumstances: { tenant: 'acme' },
    });
    expect(response?.decisions).toMatchObject([{ allowed: true }]);
  });

  it('settles with its resource and context what an exchange left open', async () => {
    const on = (amount: number): object => ({
      permission: 'billing:report:read',
      resource: { type: 'report', id: 'r1', attributes: { amount } },
    });
    const answer = await check({ subject: { key: 'bob' }, tenant: 'acme', items: [on(5), on(500)] });
    expect(codes(answer)).toEqual(['granted', 'condition_false']);
    const open = await check({ subject: { key: 'bob' }, tenant: 'acme', items: asked(['billing:report:read']) });
    expect(open.body['results']).toMatchObject([
      { allowed: false, missing: ['resource.amount', 'resource.type'], residual: expect.any(String) },
    ]);
  });

  it('lists everything, with what is open, over REST and gRPC', async () => {
    const answer = await postJson(service.host, '/v1/permissions:effective', as(CHECKER), {
      subject: { key: 'bob' },
      tenant: 'acme',
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      granted: [READ],
      conditional: [{ permission: 'billing:report:read', missing: ['resource.amount', 'resource.type'] }],
      horizon: null,
      policy_version: 'main@2',
    });
    const subject: CheckSubject = { by: { $case: 'key', value: 'bob' } };
    const { response } = await everythingOverGrpc(service.host, as(CHECKER), { subject, circumstances: { tenant: 'acme' } });
    expect(response).toMatchObject({ granted: [READ], conditional: [{ permission: 'billing:report:read' }], validUntil: 0 });
  });

  it('explains to those who may ask why, and to nobody else', async () => {
    const question = {
      subject: { key: 'alice' },
      tenant: 'acme',
      audience: SAMPLE_AUDIENCE,
      items: asked([READ, APPROVE]),
      explain: true,
    };
    const answer = await check(question, EXPLAINER);
    expect(answer.body['results']).toMatchObject([
      {
        code: 'granted',
        explanation: { permission: READ, decision: 'allow', paths: expect.any(Array), policy_version: 'main@2' },
      },
      { code: 'no_grant', explanation: { decision: 'deny', near_misses: expect.any(Array) } },
    ]);
    const refused = await check(question);
    expect([refused.status, refused.body['code'], refused.body['field']]).toEqual([403, 'CHECK_NOT_ALLOWED', 'explain']);
    const subject: CheckSubject = { by: { $case: 'key', value: 'alice' } };
    const items = [{ permission: READ, resource: undefined }];
    const over = { subject, items, explain: true, circumstances: { tenant: 'acme', audience: SAMPLE_AUDIENCE } };
    expect((await batchOverGrpc(service.host, as(CHECKER), over)).failure).toMatchObject({
      code: 'PERMISSION_DENIED',
      reason: 'CHECK_NOT_ALLOWED',
    });
    const told = (await batchOverGrpc(service.host, as(EXPLAINER), over)).response?.decisions[0]?.explanationJson ?? '';
    expect(JSON.parse(told)).toMatchObject({ permission: READ, decision: 'allow' });
  });

  it('says the same as a token that is issued on the same epoch', async () => {
    for (const persona of ['alice', 'bob'] as const) {
      const form = exchangeForm(upstream(persona), { audience: SAMPLE_AUDIENCE });
      const answer = await post(service.host, form, { authorization: as('two-targets') });
      const claims = JSON.parse(Buffer.from(String(answer.body['access_token']).split('.')[1] ?? '', 'base64url').toString()) as {
        permissions: string[];
        ep: number;
      };
      const all = [READ, CREATE, APPROVE, 'billing:report:read'];
      for (const subject_token of [String(answer.body['access_token']), upstream(persona)]) {
        const checked = await check({ subject_token, items: asked(all) }, 'two-targets');
        const results = checked.body['results'] as { allowed: boolean }[];
        expect(all.filter((_permission, at) => results[at]?.allowed)).toEqual(
          all.filter((each) => claims.permissions.includes(each)),
        );
        expect(checked.body['epoch']).toBe(claims.ep);
      }
    }
  });

  it('knows at least as much as the answer before', async () => {
    const first = await check({ subject: { key: 'alice' }, tenant: 'acme', items: asked([READ]) });
    const fresh = String(first.body['consistency_token']);
    const again = await check({ subject: { key: 'alice' }, tenant: 'acme', items: asked([READ]), at_least_as_fresh: fresh });
    expect(again.status).toBe(200);
    for (const bad of [`${fresh}x`, fresh.slice(1), 'x.y']) {
      const refused = await check({ subject: { key: 'alice' }, tenant: 'acme', items: asked([READ]), at_least_as_fresh: bad });
      expect([refused.status, refused.body['code']]).toEqual([400, 'CONSISTENCY_TOKEN_INVALID']);
    }
    const elsewhere = await check({ subject: { key: 'alice' }, tenant: 'other', items: asked([READ]), at_least_as_fresh: fresh });
    expect(elsewhere.body['code']).toBe('CONSISTENCY_TOKEN_INVALID');
  });

  describe('is refused', () => {
    const refusal = async (body: object, client = CHECKER): Promise<unknown[]> => {
      const answer = await check(body, client);
      return [answer.status, answer.body['code'], answer.body['actual']];
    };

    it('for a token of another audience, of another tenant, altered or not a token', async () => {
      const token = await issued();
      const [header = '', payload = '', signature = ''] = token.split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object;
      const more = Buffer.from(JSON.stringify({ ...claims, permissions: [READ, APPROVE] })).toString('base64url');
      const about = { items: asked([READ]) };
      expect(await refusal({ ...about, subject_token: token, audience: OTHER_AUDIENCE }, EXPLAINER)).toEqual([
        400,
        'CHECK_TOKEN_INVALID',
        'audience-mismatch',
      ]);
      expect(await refusal({ ...about, subject_token: token, tenant: 'other' })).toEqual([400, 'TENANT_NOT_ALLOWED', undefined]);
      expect(await refusal({ ...about, subject_token: `${header}.${more}.${signature}` })).toEqual([
        400,
        'CHECK_TOKEN_INVALID',
        'signature-invalid',
      ]);
      expect(await refusal({ ...about, subject_token: 'x' })).toEqual([400, 'CHECK_TOKEN_INVALID', 'TOKEN_MALFORMED']);
    });

    it('for a token of the identity provider that has ended, is bound, or is not for this client to hand in', async () => {
      const about = { items: asked([READ]) };
      const now = Math.floor(Date.now() / 1000);
      const old = upstream('alice', { overrides: { exp: now - 1 } });
      const bound = upstream('alice', { overrides: { cnf: { jkt: 'x' } } });
      expect(await refusal({ ...about, subject_token: old })).toEqual([400, 'CHECK_TOKEN_INVALID', 'TOKEN_EXPIRED']);
      expect(await refusal({ ...about, subject_token: bound })).toEqual([400, 'CHECK_TOKEN_INVALID', 'TOKEN_SENDER_CONSTRAINED']);
      const subject: CheckSubject = { by: { $case: 'token', value: old } };
      const items = [{ permission: READ, resource: undefined }];
      expect(
        (await batchOverGrpc(service.host, as(CHECKER), { subject, items, explain: false, circumstances: {} })).failure,
      ).toMatchObject({
        code: 'INVALID_ARGUMENT',
        reason: 'CHECK_TOKEN_INVALID',
        violations: ['subject'],
      });
    });

    it('for a client that may not ask, and for nobody', async () => {
      const body = { subject: { key: 'alice' }, tenant: 'acme', items: asked([READ]) };
      expect(await refusal({ ...body, audience: SAMPLE_AUDIENCE }, PORTAL_CLIENT_ID)).toEqual([
        403,
        'CHECK_NOT_ALLOWED',
        undefined,
      ]);
      expect(await refusal({ ...body, audience: OTHER_AUDIENCE })).toEqual([403, 'CHECK_NOT_ALLOWED', undefined]);
      expect(await refusal({ ...body, audience: 'https://no.such' })).toEqual([403, 'CHECK_NOT_ALLOWED', undefined]);
      expect(await refusal(body, EXPLAINER)).toEqual([400, 'TARGET_MISSING', undefined]);
      const nobody = await postText(service.host, '/v1/check', { body: JSON.stringify(body), headers: {} });
      expect([nobody.status, nobody.body['code']]).toEqual([401, 'CLIENT_UNAUTHENTICATED']);
      const wrong = await postJson(service.host, '/v1/check', basic(CHECKER, 'wrong'), body);
      expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([401, 'Basic realm="countersign", charset="UTF-8"']);
      const bearer = await postJson(service.host, '/v1/check', `Bearer ${await issued()}`, body);
      expect(bearer.status).toBe(401);
    });

    it.each<[string, unknown]>([
      ['no items', []],
      ['101 items', Array.from({ length: 101 }, () => ({ permission: READ }))],
      ['an item without permission', [{}]],
      ['an item with something unknown', [{ permission: READ, verb: 'x' }]],
      ['a resource without type', [{ permission: READ, resource: { id: 'x' } }]],
      ['a resource whose attributes are a list', [{ permission: READ, resource: { type: 'x', attributes: [] } }]],
    ])('for %s', async (_what, items) => {
      expect(await refusal({ subject: { key: 'alice' }, tenant: 'acme', items })).toMatchObject([
        400,
        'REQUEST_PARAMETER_INVALID',
      ]);
    });

    it('for more than 100 items over gRPC too, and for none', async () => {
      const subject: CheckSubject = { by: { $case: 'key', value: 'alice' } };
      for (const length of [0, 101]) {
        const items = Array.from({ length }, () => ({ permission: READ, resource: undefined }));
        const { failure } = await batchOverGrpc(service.host, as(CHECKER), {
          subject,
          items,
          explain: false,
          circumstances: { tenant: 'acme' },
        });
        expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_PARAMETER_INVALID' });
      }
    });

    it('for two subjects, none, and one without its tenant', async () => {
      const items = asked([READ]);
      for (const body of [
        { items },
        { items, subject: { key: 'alice' } },
        { items, subject: { key: 'alice' }, subject_token: 'x', tenant: 'acme' },
        { items, subject: { key: 'alice', identity: { instance: 'i', external_id: 'e' } }, tenant: 'acme' },
      ]) {
        expect(await refusal(body)).toMatchObject([400, 'REQUEST_PARAMETER_INVALID']);
      }
    });

    it('for what is not JSON, not an object, too large, or comes as a form', async () => {
      const headers = { authorization: as(CHECKER) };
      const send = async (body: string, more: Record<string, string> = {}): Promise<unknown[]> => {
        const answer = await postText(service.host, '/v1/check', { body, headers: { ...headers, ...more } });
        return [answer.status, answer.body['code']];
      };
      expect(await send('{"items":')).toEqual([400, 'REQUEST_MALFORMED']);
      expect(await send('[]')).toEqual([400, 'REQUEST_PARAMETER_INVALID']);
      expect(await send('null')).toEqual([400, 'REQUEST_MALFORMED']);
      expect(await send('"x"')).toEqual([415, 'REQUEST_CONTENT_TYPE_UNSUPPORTED']);
      expect(await send(`"${'x'.repeat(65_536)}"`)).toEqual([413, 'REQUEST_TOO_LARGE']);
      expect(await send('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
        415,
        'REQUEST_CONTENT_TYPE_UNSUPPORTED',
      ]);
      const wrongMethod = await fetch(`${service.host.httpUrl}/v1/check`);
      expect([wrongMethod.status, wrongMethod.headers.get('allow')]).toEqual([405, 'POST']);
    });

    it('for keys that would be prototypes, wherever they are', async () => {
      const headers = { authorization: as(CHECKER) };
      const evil = '{"__proto__":{"amount":1}}';
      for (const body of [
        `{"subject":{"key":"bob"},"tenant":"acme","items":[{"permission":"${READ}"}],"__proto__":{"explain":true}}`,
        `{"subject":{"key":"bob"},"tenant":"acme","context":${evil},"items":[{"permission":"${READ}"}]}`,
        `{"subject":{"key":"bob"},"tenant":"acme","context":{"a":[${evil}]},"items":[{"permission":"${READ}"}]}`,
        `{"subject":{"key":"bob"},"tenant":"acme","items":[{"permission":"${READ}","resource":{"type":"report","attributes":${evil}}}]}`,
        `{"subject":{"__proto__":{"key":"bob"}},"tenant":"acme","items":[{"permission":"${READ}"}]}`,
      ]) {
        const answer = await postText(service.host, '/v1/check', { body, headers });
        expect([answer.status, answer.body['code']]).toEqual([400, 'REQUEST_PARAMETER_INVALID']);
      }
      for (const name of ['constructor', 'toString', 'hasOwnProperty', '__proto__']) {
        const named = await check({ subject: { key: name }, tenant: 'acme', items: asked([name, READ]) });
        expect(codes(named)).toEqual(['no_grant', 'no_grant']);
        const permission = await check({ subject: { key: 'alice' }, tenant: 'acme', items: asked([name]) });
        expect(codes(permission)).toEqual(['permission_unknown']);
      }
    });

    it('for values that are deeper, longer or more than a condition may read', async () => {
      const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
      const about = { subject: { key: 'alice' }, tenant: 'acme', items: asked([READ]) };
      expect(await refusal({ ...about, context: nested(8) as object })).toMatchObject([200]);
      for (const context of [nested(9), { a: 'x'.repeat(4097) }, { a: Array.from({ length: 257 }, () => 1) }, manyTexts()]) {
        expect(await refusal({ ...about, context })).toMatchObject([400, 'REQUEST_PARAMETER_INVALID']);
      }
    });
  });
});

/** In the tenant acme, the sample policy with a report that only small amounts may be read of. */
const POLICY = {
  ...(sampleDocument('public' as never, '')['policies'] as readonly object[])[0],
  attributes: { resource: { report: { amount: { type: 'int', source: 'pep' } } } },
  roles: {
    viewer: { grants: ['billing:invoice:read'] },
    clerk: { inherits: ['viewer'], grants: ['billing:invoice:*'], exclude: ['billing:invoice:approve'] },
    approver: { inherits: ['clerk'], grants: ['billing:invoice:approve'] },
  },
  bindings: [
    {
      id: 'small-reports',
      principal: 'all',
      permissions: ['billing:report:read'],
      resource: { type: 'report' },
      when: 'resource.amount < params.limit',
      params: { limit: 100 },
    },
  ],
};

function manyTexts(): Record<string, string> {
  return Object.fromEntries(Array.from({ length: 5 }, (_, at) => [`t${String(at)}`, 'x'.repeat(4000)]));
}
