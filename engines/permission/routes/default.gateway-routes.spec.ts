import { describe, expect, it } from '@jest/globals';
import { array, assert, boolean, constantFrom, property, tuple } from 'fast-check';
import { EMPTY_POLICY, type GatewayRoute, type PolicyVersion } from '#accessors/policy/contract.js';
import type { Application } from '#accessors/registration/contract.js';
import { DefaultGatewayRoutes } from './default.gateway-routes.js';
import { ambiguityOf, shapeOf } from './route-overlap.js';
import { parseRoute, type RoutePattern } from './route-pattern.js';

const BILLING: Application = {
  id: 'a',
  audience: 'https://billing.example',
  prefix: 'billing',
  permissions: [],
  allowsEmptyPermissions: false,
  tokenLifetimeSeconds: null,
};
const routed = (match: string, more: Partial<GatewayRoute> = {}): GatewayRoute => ({
  match,
  application: 'billing',
  permission: `billing:${match}`,
  resource: null,
  ...more,
});
const policyOf = (routes: readonly GatewayRoute[]): PolicyVersion => ({
  ...EMPTY_POLICY,
  tenantId: 't',
  set: 'main',
  sequence: 1,
  routes,
});

const engine = new DefaultGatewayRoutes();
const matchIn = (policy: PolicyVersion, request: string): string | undefined => {
  const [method = '', target = ''] = request.split(' ');
  const reading = engine.read(method, target);
  return reading.ok ? engine.questionOf(policy, BILLING, reading.path)?.match : 'unread';
};
const matches = (routes: readonly string[], request: string): string | undefined =>
  matchIn(policyOf(routes.map((match) => routed(match))), request);

describe('The route of a request', () => {
  const routes = [
    'GET /v1/invoices',
    'GET /v1/invoices/{id}',
    'GET /v1/invoices/latest',
    'GET /v1/files/**',
    'GET /v1/files/{a}/x',
    'GET /',
  ];

  it.each([
    ['GET /v1/invoices', 'GET /v1/invoices'],
    ['GET /v1/invoices?id=latest', 'GET /v1/invoices'],
    ['GET /v1/invoices/7', 'GET /v1/invoices/{id}'],
    ['GET /v1/invoices/latest', 'GET /v1/invoices/latest'],
    ['GET /v1/invoices/%6catest', 'GET /v1/invoices/latest'],
    ['GET /v1/files/a/b/c/', 'GET /v1/files/**'],
    ['GET /v1/files/a/x', 'GET /v1/files/{a}/x'],
    ['GET /', 'GET /'],
    ...['POST /v1/invoices', 'HEAD /v1/invoices', 'GET /v1', 'GET /v2/invoices', 'GET /v1/invoices/7/8', 'GET /v1/files'].map(
      (request) => [request, undefined] as const,
    ),
  ])('of %s is %s', (request, expected) => {
    expect(matches(routes, request)).toBe(expected);
    expect(matches(routes.toReversed(), request)).toBe(expected);
  });

  it('is never a wider one for a path that differs from a literal by case, or by a slash at its end', () => {
    const wide = ['GET /v1/admin', 'GET /v1/{x}', 'GET /v1/**', 'GET /v1/list/', 'GET /v1/admin/users'];
    for (const path of ['/v1/ADMIN', '/v1/Admin/users', '/v1/admin/USERS', '/v1/admin/', '/v1/list', '/v1/admin/users/'])
      expect([path, matches(wide, `GET ${path}`)]).toEqual([path, undefined]);
    expect(matches(wide, 'GET /v1/list/')).toBe('GET /v1/list/');
    expect(matches(wide, 'GET /v1/admin/other')).toBe('GET /v1/**');
  });

  it('is never a wider one for a path that somebody behind may take for the literal', () => {
    const wide = [
      'GET /u/{id}',
      'GET /u/@me',
      'GET /i/{id}',
      'GET /i/all:delete',
      'GET /k/kelvin',
      'GET /k/{x}',
      'GET /caf%C3%A9',
      'GET /{y}',
      'GET /**',
      'GET /admin/**',
    ];
    for (const path of [
      '/u/%40me',
      '/i/all%3Adelete',
      '/k/%E2%84%AAelvin',
      '/k/%EF%BD%8Belvin',
      '/CAF%C3%89',
      '/cafe%CC%81',
      '/k/kelvin%20',
      '/k/kelvin.',
      '/k/%20kelvin',
      '/admin',
      '/admin/',
      '/ADMIN/x',
      '/k/kelv%C4%B1n',
    ])
      expect([path, matches(wide, `GET ${path}`)]).toEqual([path, undefined]);
    expect(['/u/@me', '/u/%40you', '/k/x.y', '/caf%C3%A9', '/admin/x'].map((path) => matches(wide, `GET ${path}`))).toEqual([
      'GET /u/@me',
      'GET /u/{id}',
      'GET /k/{x}',
      'GET /caf%C3%A9',
      'GET /admin/**',
    ]);
  });

  it('is never a wider one for what stands above a route of everything below', () => {
    for (const path of ['/admin', '/admin/']) expect(matches(['GET /admin/**', 'GET /**'], `GET ${path}`)).toBeUndefined();
  });

  it('is none where two have one shape, or where it is of another application, or cannot be read', () => {
    expect(matches(['GET /v1/{a}', 'GET /v1/{b}', 'GET /**'], 'GET /v1/x')).toBeUndefined();
    const others = [
      routed('GET /v1/x', { application: 'stock' }),
      routed('GET /v1/y/../x'),
      routed('GET /v1/z', { resource: { type: 't', id: '{nowhere}' } }),
    ];
    for (const path of ['/v1/x', '/v1/z']) expect(matchIn(policyOf(others), `GET ${path}`)).toBeUndefined();
    expect(matchIn(policyOf([routed('GET /v1/x', { application: BILLING.audience })]), 'GET /v1/x')).toBe('GET /v1/x');
  });

  it('says the resource, with an id of the path or of the policy', () => {
    const policy = policyOf([
      routed('GET /v1/{kind}/{id}', { resource: { type: 'thing', id: '{id}' } }),
      routed('GET /v1/settings', { resource: { type: 'settings', id: 'all' } }),
    ]);
    const resourceOf = (target: string) => {
      const reading = engine.read('GET', target);
      return reading.ok ? engine.questionOf(policy, BILLING, reading.path)?.resource : undefined;
    };
    expect(resourceOf('/v1/a/i%20%C3%A9')).toEqual({ type: 'thing', id: 'i é', unit: null, path: null, attributes: {} });
    expect(resourceOf('/v1/settings')).toMatchObject({ type: 'settings', id: 'all' });
  });
});

describe('Of any routes without ambiguity', () => {
  const segment = constantFrom('a', 'b', '{x}', '{y}');
  const pattern = tuple(array(segment, { maxLength: 3 }), boolean())
    .map(([segments, isOpen]) => {
      const named = segments.map((each, at) => (each.startsWith('{') ? `{p${at}}` : each));
      return parseRoute(routed(`GET /${[...named, ...(isOpen ? ['**'] : [])].join('/')}`)) as RoutePattern;
    })
    .filter(({ segments }) => segments.length > 0);
  const path = array(constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 });

  /** The plain meaning: a segment for a segment, and one or more for the stars. */
  const fits = ({ segments, isOpen }: RoutePattern, texts: readonly string[]): boolean =>
    (isOpen ? texts.length > segments.length : texts.length === segments.length) &&
    segments.every((each, at) => !('literal' in each) || each.literal === texts[at]);

  it('the one counts that the others contain', () => {
    assert(
      property(array(pattern, { maxLength: 6 }), path, (drawn, texts) => {
        const patterns = drawn.filter((one, at) => drawn.findIndex((other) => shapeOf(one) === shapeOf(other)) === at);
        const shapes = new Set(patterns.map(shapeOf));
        const isPlain = patterns.every((one, at) =>
          patterns.slice(0, at).every((other) => shapes.has(ambiguityOf(one, other) ?? shapeOf(one))),
        );
        if (!isPlain) return;
        const fitting = patterns.filter((one) => fits(one, texts));
        const isAbove = patterns.some(
          ({ segments, isOpen }) => isOpen && fits({ segments, isOpen: false } as RoutePattern, texts),
        );
        const chosen = matchIn(policyOf(patterns.map(({ route }) => route)), `GET /${texts.join('/')}`);
        // What everything below has a route of is in no wider one.
        if (isAbove && chosen === undefined) return;
        const expected = fitting.filter((one) => fitting.every((other) => one === other || fixedness(one) > fixedness(other)));
        expect(fitting.length === 0 ? [] : expected.map(({ route }) => route.match)).toEqual(
          chosen === undefined ? [] : [chosen],
        );
      }),
      { numRuns: 2_000 },
    );
  });

  /** Where one contains the other, the contained one has more literals, or as many and is not open, or is open later. */
  const fixedness = ({ segments, isOpen }: RoutePattern): number =>
    segments.filter((each) => 'literal' in each).length * 100 + (isOpen ? segments.length : 50);
});
