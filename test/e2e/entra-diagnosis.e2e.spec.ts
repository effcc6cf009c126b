import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ERROR_MAPPING } from '#clients/error-mapping.js';
import type { IssueRequest } from '#devkit/entra-issuer/entra-dev-issuer.js';
import { basic, call, exchangeForm, GRANT, JWT_TYPE, post } from '../support/callers.js';
import { freePort, PORTAL_CLIENT_ID, SAMPLE_AUDIENCE, startService, type TestService } from '../support/service.js';

interface Symptom {
  readonly title: string;
  readonly code: keyof typeof ERROR_MAPPING;
  readonly http: number;
  readonly oauth: string;
  readonly grpc: string;
  token(service: TestService): string;
}

const OTHER_OBJECT = '00000000-1111-4222-8333-444455556666';
let closedPort = 0;

/** A token of alice with other claims. */
function changed(overrides: NonNullable<IssueRequest['overrides']>): Symptom['token'] {
  return (service) => service.identityProvider.issue({ persona: 'alice', version: 2, overrides });
}

const APP_ONLY = { idtyp: 'app', scp: undefined, sub: OTHER_OBJECT, oid: OTHER_OBJECT };
const bad = { http: 400, oauth: 'invalid_request', grpc: 'INVALID_ARGUMENT' };
const refused = { http: 400, oauth: 'invalid_request', grpc: 'PERMISSION_DENIED' };

/** One for each class of status, and more where a class has several reasons. */
const SYMPTOMS: readonly Symptom[] = [
  {
    title: 'V02: the word Bearer in the parameter',
    code: 'TOKEN_MALFORMED',
    ...bad,
    token: (service) => `Bearer ${changed({})(service)}`,
  },
  {
    title: 'V06: a token for Microsoft Graph',
    code: 'TOKEN_FOR_GRAPH',
    ...bad,
    token: changed({ aud: '00000003-0000-0000-c000-000000000000' }),
  },
  {
    title: 'V07: a token for Azure',
    code: 'TOKEN_FOR_OTHER_RESOURCE',
    ...bad,
    token: changed({ aud: 'https://management.azure.com/' }),
  },
  {
    title: 'V08: an ID token',
    code: 'TOKEN_IS_ID_TOKEN',
    ...bad,
    token: changed({ azpacr: undefined, scp: undefined, nonce: 'n', preferred_username: 'alice' }),
  },
  {
    title: 'V13: the keys cannot be had',
    code: 'ISSUER_KEYS_UNAVAILABLE',
    http: 503,
    oauth: 'temporarily_unavailable',
    grpc: 'UNAVAILABLE',
    token: (service) =>
      service.identityProvider.issue({
        persona: 'alice',
        header: { typ: 'at+jwt' },
        overrides: { iss: `http://127.0.0.1:${closedPort.toString()}`, aud: 'orders' },
      }),
  },
  {
    title: 'V20: an issuer that is not trusted',
    code: 'ISSUER_UNTRUSTED',
    ...bad,
    token: changed({ iss: 'https://elsewhere.example/' }),
  },
  { title: 'V27: expired', code: 'TOKEN_EXPIRED', ...bad, token: changed({ exp: Math.floor(Date.now() / 1000) - 1 }) },
  {
    title: 'V32: an application without roles',
    code: 'TOKEN_APP_WITHOUT_ROLES',
    ...refused,
    token: changed({ ...APP_ONLY, roles: [] }),
  },
  {
    title: 'V38: no service principal',
    code: 'TOKEN_WITHOUT_SERVICE_PRINCIPAL',
    ...refused,
    token: changed({ ...APP_ONLY, oid: undefined, roles: ['R'] }),
  },
  { title: 'V44: an agent', code: 'TOKEN_AGENT_REFUSED', ...refused, token: changed({ xms_act_fct: '3 9 11' }) },
  { title: 'a device', code: 'TOKEN_KIND_NOT_ACCEPTED', ...refused, token: changed({ idtyp: 'device' }) },
];

describe('A subject token of Entra that is wrong', () => {
  let service: TestService;
  let authorization: string;

  beforeAll(async () => {
    service = await startService({ database: { kind: 'embedded', directory: null } });
    authorization = basic(PORTAL_CLIENT_ID, service.secret);
    closedPort = await freePort();
    const issuer = `http://127.0.0.1:${closedPort.toString()}`;
    await service.apply({
      apiVersion: 'countersign/v1',
      issuers: [{ name: 'away', provider: 'oidc', issuer, tenant: 'acme', audiences: ['orders'] }],
    });
  }, 60_000);
  afterAll(() => service.stop());

  it('is made from one that is accepted', async () => {
    const form = exchangeForm(changed({})(service), { audience: SAMPLE_AUDIENCE });
    expect((await post(service.host, form, { authorization })).status).toBe(200);
  });

  it.each(SYMPTOMS)('$title: $code over REST', async ({ code, http, oauth, token }) => {
    const subject = token(service);
    const answer = await post(service.host, exchangeForm(subject, { audience: SAMPLE_AUDIENCE }), { authorization });
    expect(answer).toMatchObject({ status: http, body: { code, error: oauth } });
    expect(answer.body['field']).toBe('subject_token');
    expect(answer.headers.has('www-authenticate')).toBe(false);
    expect(answer.headers.has('retry-after')).toBe(http === 503);
    // What was expected is for operators: a stranger learns no list and no other issuer.
    expect(JSON.stringify(answer.body)).not.toContain(service.identityProvider.cloud.loginBase);
    for (const part of subject.split('.')) expect(JSON.stringify(answer.body)).not.toContain(part);
  });

  it.each(SYMPTOMS)('$title: $code over gRPC', async ({ code, grpc, token }) => {
    const request = { subjectToken: token(service), subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] };
    const { failure } = await call(service.host, authorization, request);
    expect(failure).toMatchObject({ code: grpc, reason: code });
    expect(failure?.code).toBe(ERROR_MAPPING[code].grpc);
    expect(failure?.retrySeconds === null).toBe(grpc !== 'UNAVAILABLE');
  });

  it('V01: is missing', async () => {
    for (const form of [new URLSearchParams({ grant_type: GRANT, subject_token_type: JWT_TYPE }), exchangeForm('')]) {
      const answer = await post(service.host, form, { authorization });
      expect(answer).toMatchObject({ status: 400, body: { code: 'REQUEST_PARAMETER_MISSING', field: 'subject_token' } });
    }
    const { failure } = await call(service.host, authorization, { subjectTokenType: JWT_TYPE, audience: [SAMPLE_AUDIENCE] });
    expect(failure).toMatchObject({ code: 'INVALID_ARGUMENT', reason: 'REQUEST_PARAMETER_MISSING' });
  });
});
