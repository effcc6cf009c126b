import { beforeAll, expect, it } from '@jest/globals';
import { SAMPLE_AUDIENCE } from '../support/service.js';
import { GATEWAY, type GatewayService, type RawAnswer, READ, send } from './gateway.service.js';

const PATH = '/v1/forward-auth';
const NGINX = ['x-original-uri', '/v1/invoices/i-7?page=2', 'x-original-method', 'GET'];
const TRAEFIK = ['x-forwarded-uri', '/v1/invoices/i-7', 'x-forwarded-method', 'GET', 'x-forwarded-host', 'api.acme.example'];

/** nginx, Traefik and Envoy over HTTP. */
export function forwardAuthCases(running: () => GatewayService): void {
  let service: GatewayService;
  let known: readonly string[];
  beforeAll(() => {
    service = running();
    known = ['x-countersign-gateway', service.as(GATEWAY), 'authorization', `Bearer ${service.upstream()}`];
  });

  const ask = (headers: readonly string[], path = PATH, method = 'GET'): Promise<RawAnswer> =>
    send(service.host.httpUrl, { path, method, headers });
  const codeOf = ({ status, body }: RawAnswer): readonly unknown[] => [
    status,
    body === '' ? '' : (JSON.parse(body) as { code: string }).code,
  ];

  it.each([
    ['nginx says it', NGINX, PATH, 'GET'],
    ['Ingress says it twice', [...NGINX, 'x-original-url', 'https://api.acme.example/v1/invoices/i-7?page=2'], PATH, 'GET'],
    ['Traefik says it', TRAEFIK, PATH, 'GET'],
    ['Traefik says it by POST', [...TRAEFIK, 'content-length', '0'], PATH, 'POST'],
    ['Envoy puts it behind the path', [], `${PATH}/v1/invoices/i-7?audience=evil`, 'GET'],
    ['the address says the application', NGINX, `${PATH}?audience=${encodeURIComponent(SAMPLE_AUDIENCE)}&tenant=acme`, 'GET'],
  ])('is let through where %s', async (_what, headers, path, method) => {
    const answer = await ask([...known, ...headers], path, method);
    expect([answer.status, answer.body]).toEqual([200, '']);
    expect(answer.headers).toMatchObject({
      'x-countersign-subject': expect.stringMatching(/^u_/),
      'x-countersign-tenant': 'acme',
      'x-countersign-permission': READ,
      'cache-control': 'no-store',
    });
    expect(answer.headers['authorization']).toBeUndefined();
  });

  it.each(['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE'])('is 403 by %s, for which there is no route', async (method) => {
    expect((await ask([...known, 'content-length', '0'], `${PATH}/v1/invoices`, method)).status).toBe(403);
    expect((await ask(['content-length', '0'], `${PATH}/v1/invoices`, method)).status).toBe(401);
  });

  it('is 401 without a gateway, whatever else it has', async () => {
    const own = ['authorization', `Bearer ${service.upstream()}`, ...NGINX];
    for (const headers of [
      own,
      ['x-countersign-gateway', '', ...own],
      ['x-countersign-gateway', service.as(GATEWAY), 'x-countersign-gateway', service.as(GATEWAY), ...own],
      ['x-countersign-gateway', `Bearer ${service.upstream()}`, ...own],
      ['x-countersign-gateway', service.as('nobody'), ...own],
      ['x-countersign-gateway', `Certificate ${GATEWAY}`, ...own],
      ['x-countersign-gateway', 'Certificate acme-spa', ...own],
      ['client-id', GATEWAY, ...own],
      ['authorization', service.as(GATEWAY), ...NGINX],
    ]) {
      const answer = await ask(headers);
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Countersign-Gateway realm="countersign"']);
    }
  });

  it.each([
    ['both forms are there', [...NGINX, ...TRAEFIK], PATH, 'REQUEST_PARAMETER_REPEATED'],
    [
      'a URL says another path',
      [...NGINX, 'x-original-url', 'https://api.acme.example/v1/admin'],
      PATH,
      'REQUEST_PARAMETER_REPEATED',
    ],
    ['one form is there twice', [...NGINX, 'x-original-uri', '/v1/invoices'], PATH, 'REQUEST_PARAMETER_REPEATED'],
    ['half of another form is there', [...NGINX, 'x-forwarded-method', 'GET'], PATH, 'REQUEST_PARAMETER_REPEATED'],
    ['half of a form is missing', ['x-original-uri', '/v1/invoices'], PATH, 'REQUEST_PARAMETER_MISSING'],
    ['nothing says what is asked for', [], PATH, 'REQUEST_PARAMETER_MISSING'],
    ['the path and a header say it', NGINX, `${PATH}/v1/invoices`, 'REQUEST_PARAMETER_REPEATED'],
    ['the address asks for what is not there', NGINX, `${PATH}?mode=open`, 'REQUEST_PARAMETER_INVALID'],
    ['the address says something twice', NGINX, `${PATH}?tenant=acme&tenant=acme`, 'REQUEST_PARAMETER_REPEATED'],
    ['the gateway may not say the permission', NGINX, `${PATH}?permission=${READ}`, 'CHECK_NOT_ALLOWED'],
    ['the application is another', NGINX, `${PATH}?audience=other`, 'CHECK_NOT_ALLOWED'],
  ])('is 403 where %s', async (_what, headers, path, code) => {
    expect(codeOf(await ask([...known, ...headers], path))).toEqual([403, code]);
  });

  it('is 401 with how to come back where its sender is not known, and 403 where nothing is granted', async () => {
    const gateway = ['x-countersign-gateway', service.as(GATEWAY), ...NGINX];
    const anonymous = await ask(gateway);
    expect([codeOf(anonymous), anonymous.headers['www-authenticate']]).toEqual([
      [401, 'token_missing'],
      'Bearer realm="countersign"',
    ]);
    expect(codeOf(await ask([...gateway, 'authorization', 'Bearer a.b.c']))).toEqual([401, 'CHECK_TOKEN_INVALID']);
    const twice = ['authorization', `Bearer ${service.upstream()}`, 'authorization', `Bearer ${service.upstream()}`];
    expect(codeOf(await ask([...gateway, ...twice]))).toEqual([401, 'authorization_ambiguous']);
    const denied = ['x-original-uri', '/v1/admin', 'x-original-method', 'GET'];
    expect(codeOf(await ask([...known, ...denied]))).toEqual([403, 'no_grant']);
  });
}
