import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { APPROVE, Envoy, GATEWAY, type GatewayService, ROUTES, send } from './gateway.service.js';
import { spellingsOf } from './path-spellings.js';

interface Route {
  readonly match: string;
  readonly permission: string;
}

/** What nobody may do who has the tokens of these tests: bob reads, and alice may not approve. */
const CLOSED = (ROUTES as readonly Route[]).filter(({ permission }) => permission === APPROVE);
const EVERY = ROUTES as readonly Route[];

const requestOf = ({ match }: Route): { readonly method: string; readonly path: string } => {
  const [method = '', pattern = ''] = match.split(' ');
  return { method, path: pattern.replace(/\{\w+\}/g, 'i-7').replace('**', 'users') };
};
/** Spellings that a request line can have; a gateway answers the others itself. */
const sendable = (path: string): boolean => /^[\x21-\x7e]+$/.test(path) && path.startsWith('/');

/** Every route, however it is written, over each way to ask. */
export function spellingCases(running: () => GatewayService): void {
  let service: GatewayService;
  let envoy: Envoy;
  let tokens: Readonly<Record<'bob' | 'alice', string>>;
  beforeAll(() => {
    service = running();
    envoy = new Envoy(service.host.grpcAddress);
    tokens = { bob: service.upstream('bob'), alice: service.upstream('alice') };
  });
  afterAll(() => {
    envoy.close();
  });

  /** `true`: it would go on. */
  type Asking = (method: string, path: string, token: string | undefined) => Promise<boolean>;

  const overEnvoy: Asking = async (method, path, token) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const answer = await envoy.check(service.as(GATEWAY), { method, path, headers });
    if ('reason' in answer) throw new Error(answer.message);
    return answer.status?.code === 0 || answer.httpResponse?.$case === 'okResponse';
  };
  const forwarded =
    (target: string, name: string): Asking =>
    async (method, path, token) => {
      if (!sendable(path)) return false;
      const bearer = token === undefined ? [] : ['authorization', `Bearer ${token}`];
      const headers = ['x-countersign-gateway', service.as(GATEWAY), target, path, name, method, ...bearer];
      const { status } = await send(service.host.httpUrl, { path: '/v1/forward-auth', headers });
      expect([200, 401, 403]).toContain(status);
      return status === 200;
    };
  const behindPath: Asking = async (method, path, token) => {
    if (!sendable(path)) return false;
    const bearer = token === undefined ? [] : ['authorization', `Bearer ${token}`];
    const headers = ['x-countersign-gateway', service.as(GATEWAY), 'content-length', '0', ...bearer];
    const { status } = await send(service.host.httpUrl, { method, path: `/v1/forward-auth${path}`, headers });
    return status < 300;
  };
  const ways: readonly (readonly [string, () => Asking])[] = [
    ['Envoy', () => overEnvoy],
    ['nginx', () => forwarded('x-original-uri', 'x-original-method')],
    ['Envoy over HTTP', () => behindPath],
  ];

  it.each(ways)('nobody gets through %s without a token', async (_way, asking) => {
    for (const route of EVERY) {
      const { method, path } = requestOf(route);
      for (const spelling of [path, ...spellingsOf(path)])
        if (await asking()(method, spelling, undefined)) throw new Error(`${method} ${spelling} went on without a token`);
    }
  });

  it.each(ways)('nobody gets through %s by a token for another route', async (_way, asking) => {
    for (const route of CLOSED) {
      const { method, path } = requestOf(route);
      for (const spelling of [path, ...spellingsOf(path)])
        if (await asking()(method, spelling, tokens.alice)) throw new Error(`${method} ${spelling} went on for alice`);
    }
    expect(spellingsOf('/v1/admin').length).toBeGreaterThan(30);
  });

  it.each(ways)('bob reads through %s and does nothing else', async (_way, asking) => {
    for (const route of EVERY) {
      const { method, path } = requestOf(route);
      expect([route.match, await asking()(method, path, tokens.bob)]).toEqual([
        route.match,
        method === 'GET' && route.permission !== APPROVE,
      ]);
    }
  });
}
