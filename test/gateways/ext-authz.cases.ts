import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { HeaderValueOption_HeaderAppendAction } from '#protos/generated/envoy/config/core/v3/base.js';
import type { CheckResponse } from '#protos/generated/envoy/service/auth/v3/external_auth.js';
import { SAMPLE_AUDIENCE } from '../support/service.js';
import { APPROVE, type Described, Envoy, GATEWAY, type GatewayService, READ, SWAPPING } from './gateway.service.js';

/** Envoy over gRPC. */
export function extAuthzCases(running: () => GatewayService): void {
  let service: GatewayService;
  let envoy: Envoy;
  beforeAll(() => {
    service = running();
    envoy = new Envoy(service.host.grpcAddress);
  });
  afterAll(() => {
    envoy.close();
  });

  const check = async (described: Described, client = GATEWAY): Promise<CheckResponse> => {
    const answer = await envoy.check(service.as(client), described);
    if ('reason' in answer) throw new Error(`${answer.code} ${answer.reason}`);
    return answer;
  };
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const codeOf = ({ dynamicMetadata }: CheckResponse): unknown => dynamicMetadata?.['code'];

  it('goes on with what those behind the gateway need to know', async () => {
    const answer = await check({
      path: '/v1/invoices/i-7?page=2',
      headers: {
        ...bearer(service.upstream()),
        'x-countersign-subject': 'u_evil',
        x_countersign_role: 'admin',
        'X-HTTP-Method-Override': 'DELETE',
        cookie: 'a=b',
      },
    });
    expect(answer.status).toMatchObject({ code: status.OK });
    if (answer.httpResponse?.$case !== 'okResponse') throw new Error('expected to go on');
    const { headers, headersToRemove } = answer.httpResponse.value;
    expect(Object.fromEntries(headers.map(({ header }) => [header?.key, header?.value]))).toEqual({
      'x-countersign-subject': expect.stringMatching(/^u_/),
      'x-countersign-tenant': 'acme',
      'x-countersign-policy-version': expect.stringMatching(/^main@\d+$/),
      'x-countersign-permission': READ,
      'x-countersign-decision': expect.stringMatching(/^[\da-f-]{36}$/),
    });
    expect(headers.map(({ appendAction }) => appendAction)).toEqual(
      headers.map(() => HeaderValueOption_HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD),
    );
    expect(headersToRemove).toEqual(['x_countersign_role', 'x-http-method-override']);
    expect(answer.dynamicMetadata).toMatchObject({ decision: 'allow', code: 'granted', tid: 'acme', permission: READ });
  });

  it('goes on with a token of ours in the place of its own, the same one as long as nothing changes', async () => {
    const described = {
      path: '/v1/invoices',
      headers: { ...bearer(service.upstream('bob')), cookie: 'a=b', 'X-Countersign-Decision': 'x' },
    };
    const tokens: unknown[] = [];
    for (const answer of [await check(described, SWAPPING), await check(described, SWAPPING)]) {
      if (answer.httpResponse?.$case !== 'okResponse') throw new Error('expected to go on');
      const { headers, headersToRemove } = answer.httpResponse.value;
      const set = headers.map(({ header }) => header?.key);
      expect(set).toContain('authorization');
      expect(headersToRemove).toEqual(['cookie']);
      expect(headersToRemove.filter((name) => set.includes(name))).toEqual([]);
      expect(answer.dynamicMetadata).toMatchObject({ permissions_count: 2 });
      tokens.push(headers.find(({ header }) => header?.key === 'authorization')?.header?.value);
    }
    expect(tokens[0]).toMatch(/^Bearer eyJ/);
    expect(tokens[1]).toBe(tokens[0]);
  });

  it('is the same by a token of ours', async () => {
    const answer = await check({ path: '/v1/invoices', headers: bearer(await service.issued('bob')) });
    expect(answer.status?.code).toBe(status.OK);
  });

  it('is denied with what is missing', async () => {
    const answer = await check({ method: 'POST', path: '/v1/invoices/i-7/approve', headers: bearer(service.upstream()) });
    expect(answer.status).toEqual({ code: status.PERMISSION_DENIED, message: 'no_grant', details: [] });
    if (answer.httpResponse?.$case !== 'deniedResponse') throw new Error('expected a denial');
    expect(answer.httpResponse.value.status?.code).toBe(403);
    expect(JSON.parse(answer.httpResponse.value.body)).toMatchObject({ error: 'access_denied', code: 'no_grant' });
    expect(answer.dynamicMetadata).toMatchObject({ decision: 'deny', code: 'no_grant', permission: APPROVE });
  });

  it.each<readonly [string, Described, string]>([
    ['no route fits', { path: '/v2/invoices' }, 'route_unknown'],
    ['no route has its method', { method: 'DELETE', path: '/v1/invoices/i-7' }, 'route_unknown'],
    ['its path can be read in two ways', { path: '/v1/x/../admin' }, 'path_refused'],
    ['nothing is said of it', { path: '' }, 'path_refused'],
  ])('is denied where %s', async (_what, described, code) => {
    const answer = await check({ ...described, headers: bearer(service.upstream()) });
    expect([answer.status?.code, codeOf(answer)]).toEqual([status.PERMISSION_DENIED, code]);
  });

  it.each<readonly [string, Partial<Described>, string, string]>([
    ['no token', {}, 'token_missing', 'Bearer realm="countersign"'],
    ['no bearer token', { headers: { authorization: 'Basic YTpi' } }, 'CHECK_TOKEN_INVALID', 'error="invalid_token"'],
    ['a token that is none', { headers: { authorization: 'Bearer a.b.c' } }, 'CHECK_TOKEN_INVALID', 'error="invalid_token"'],
    [
      'two of them',
      {
        raw: [
          ['authorization', 'Bearer a.b.c'],
          ['Authorization', 'Bearer a.b.c'],
        ],
      },
      'authorization_ambiguous',
      'error="invalid_token"',
    ],
  ])('is sent back with %s', async (_what, described, code, challenge) => {
    const answer = await check({ path: '/v1/invoices', ...described });
    expect([answer.status?.code, codeOf(answer)]).toEqual([status.UNAUTHENTICATED, code]);
    if (answer.httpResponse?.$case !== 'deniedResponse') throw new Error('expected a denial');
    const { status: http, headers } = answer.httpResponse.value;
    expect(http?.code).toBe(401);
    expect(headers.find(({ header }) => header?.key === 'www-authenticate')?.header?.value).toContain(challenge);
  });

  it('is denied to a gateway that says a permission, or may not ask about the application', async () => {
    const headers = bearer(service.upstream());
    for (const extensions of [{ permission: READ }, { audience: 'https://other.example' }])
      expect(codeOf(await check({ path: '/v1/invoices', headers, extensions }))).toBe('CHECK_NOT_ALLOWED');
    expect(codeOf(await check({ path: '/v1/invoices', headers, extensions: { audience: SAMPLE_AUDIENCE } }))).toBe('granted');
    expect(codeOf(await check({ path: '/v1/invoices', headers, extensions: { tenant: 'other' } }))).not.toBe('granted');
  });

  it('is not looked at for anybody who is no client', async () => {
    const described = { path: '/v1/invoices', headers: bearer(service.upstream()) };
    for (const authorization of [undefined, 'Basic YTpi', `Bearer ${service.upstream()}`]) {
      const answer = await envoy.check(authorization, described);
      expect(answer).toMatchObject({ code: 'UNAUTHENTICATED' });
    }
  });
}
