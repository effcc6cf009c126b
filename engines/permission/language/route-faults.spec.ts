import { describe, expect, it } from '@jest/globals';
import type { Application } from '#accessors/registration/contract.js';
import { EMPTY_POLICY, type GatewayRoute } from '#accessors/policy/contract.js';
import { BILLING, contentOf, language } from './fixtures/language.fixture.js';
import { routeFaults } from './route-faults.js';

const application = (prefix: string): Application => ({
  id: prefix,
  audience: `https://${prefix}.example`,
  prefix,
  permissions: [{ name: `${prefix}:invoice:read`, bit: 0 }],
  allowsEmptyPermissions: false,
  tokenLifetimeSeconds: null,
});
const APPLICATIONS = [application('billing'), application('stock')];
const route = (match: string, more: Partial<GatewayRoute> = {}): GatewayRoute => ({
  match,
  application: 'billing',
  permission: 'billing:invoice:read',
  resource: null,
  ...more,
});
const faultsOf = (routes: readonly GatewayRoute[]): readonly string[] =>
  routeFaults({ ...EMPTY_POLICY, routes }, APPLICATIONS).map(({ path, message }) => `${path}: ${message}`);
const overlapsOf = (...matches: readonly string[]): readonly string[] => faultsOf(matches.map((match) => route(match)));

describe('Routes of a policy', () => {
  it('are right when each request has one permission at the most', () => {
    expect(
      faultsOf([
        ...['GET /', 'GET /v1/a', 'GET /v1/{x}', 'GET /v1/**', 'POST /v1/{x}', 'GET /v1/a/', 'GET /a%20b'].map((match) =>
          route(match),
        ),
        route('GET /v1/{y}', { application: 'https://stock.example', permission: 'stock:invoice:read' }),
        route('GET /v2/{id}', { resource: { type: 'invoice', id: '{id}' } }),
      ]),
    ).toEqual([]);
  });

  it.each([
    ...[
      '',
      'GET',
      'GET v1',
      '/v1',
      'get /v1',
      'GET  /v1',
      'GET /v1 ',
      'GET /v1?x=1',
      'GET /v1//a',
      'GET /v1/../a',
      'GET /v1/a%2fb',
    ],
    ...['GET /v1/a;b', 'GET /%61', 'GET /a%c3%a9', 'GET /v1/**/a', 'GET /v1/*', 'GET /v1/a*', 'GET /v1/{id', 'GET /v1/a{id}'],
    ...['GET /v1/{id}/{id}', 'GET /v1/{a-b}', 'GET /v1/{}', '* /v1'],
  ])('are told %j', (match) => {
    expect(faultsOf([route(match)])).toEqual([expect.stringMatching(/^routes\[0\]\.match: /)]);
  });

  it('are told what they name and what is not there', () => {
    expect(
      faultsOf([
        route('GET /a', { application: 'biling' }),
        route('GET /b', { permission: 'billing:invoice:raed' }),
        route('GET /c', { permission: 'stock:invoice:read' }),
        route('GET /d', { permission: 'billing:**' }),
        route('GET /e/{id}', { resource: { type: 'invoice', id: '{ids}' } }),
      ]).map((fault) => fault.split(':')[0]),
    ).toEqual([
      'routes[0].application',
      'routes[1].permission',
      'routes[2].permission',
      'routes[3].permission',
      'routes[4].resource.id',
    ]);
  });

  it.each([
    [['GET /v1/{a}', 'GET /v1/{b}'], 'routes[1].match: the same paths fit routes[0]'],
    [['GET /a/{x}/c', 'GET /a/b/{y}'], 'GET /a/b/c needs'],
    [['GET /a/**', 'GET /{x}/b'], 'GET /a/b needs'],
    [['GET /{x}/**', 'GET /**', 'GET /a/{y}/**', 'GET /{x}/b/**'], 'GET /a/b/** needs'],
  ])('are told which of them nobody could choose between: %j', (matches, told) => {
    expect(overlapsOf(...matches).join('\n')).toContain(told);
  });

  it('may overlap where what fits both has a route of its own', () => {
    expect(overlapsOf('GET /a/{x}/c', 'GET /a/b/{y}', 'GET /a/b/c')).toEqual([]);
    expect(overlapsOf('GET /files/**', 'GET /files/', 'GET /files')).toEqual([]);
    expect(overlapsOf('GET /v1/{x}', 'GET /{y}/')).toEqual([]);
  });
});

describe('Routes of a policy file', () => {
  it('are read in one order, and written as they were read', () => {
    const routes = [
      { match: 'GET /b', application: 'billing', permission: 'billing:report:read' },
      {
        match: 'GET /a/{id}',
        application: 'billing',
        permission: 'billing:invoice:read',
        resource: { type: 'invoice', id: '{id}' },
      },
    ];
    const content = contentOf({ routes });
    expect(content.routes).toEqual([routes[1], { ...routes[0], resource: null }]);
    expect(contentOf({ routes: routes.toReversed() })).toEqual(content);
    expect(language.write({ tenant: 'acme', set: 'main', message: '', content })['routes']).toEqual(routes.toReversed());
    expect(language.lint(content, { applications: [BILLING], issuers: null, factSources: null }).faults).toEqual([]);
    const odd = contentOf({
      routes: [...routes, { ...routes[0], match: 'GET /b/' }, { ...routes[0], permission: 'billing:**' }],
    });
    expect(
      language.lint(odd, { applications: [BILLING], issuers: null, factSources: null }).faults.map(({ path }) => path),
    ).toEqual(['routes[3].permission', 'routes[0].match']);
  });

  it.each([{ match: 'GET /a' }, { match: 'GET /a', application: 'x', permission: 'y', path: '/' }, { match: 7 }])(
    'are refused with other members: %j',
    (route) => {
      expect(() => contentOf({ routes: [route] })).toThrow('routes[0]');
    },
  );
});
