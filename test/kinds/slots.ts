import { ACCESS_PATHS } from '#clients/rest/routes.js';
import { basic } from '../support/callers.js';
import { postText } from '../support/checks.js';
import { SAMPLE_AUDIENCE } from '../support/service.js';
import { KEYED, type Kind, type World } from './kinds.js';

/** Where something signed or sealed can be put into a request, and what may be put there. */
export interface Slot {
  readonly name: string;
  readonly accepts: readonly Kind[];
  /** Whether it was taken; the rest of the request is right. */
  readonly takes: (world: World, text: string) => Promise<boolean>;
}

const JWT = 'urn:ietf:params:oauth:token-type:jwt';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const ITEMS = [{ permission: 'billing:invoice:read' }];

type Sending = Readonly<Record<string, string>>;
type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };
type Call = (world: World, sent: { readonly fields?: Sending; readonly headers?: Sending }) => Promise<Answer>;

const isDone = ({ status }: Answer): boolean => status === 200;

function formAt(path: string, usual: (world: World) => Sending | Promise<Sending>): Call {
  return async ({ service, ...world }, { fields = {}, headers = {} }) => {
    const body = new URLSearchParams({ ...(await usual({ service, ...world })), ...fields });
    const response = await fetch(service.host.httpUrl + path, { method: 'POST', headers, body });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) };
  };
}

function jsonAt(path: string, usual: (world: World) => object | Promise<object>): Call {
  return async (world, { fields = {}, headers = {} }) =>
    postText(world.service.host, path, { body: JSON.stringify({ ...(await usual(world)), ...fields }), headers });
}

/** Where every client can prove itself, and its key. */
function clientSlots(call: Call, where: 'form' | 'headers'): readonly Slot[] {
  const type = where === 'form' ? 'client_assertion_type' : 'client-assertion-type';
  const name = where === 'form' ? 'client_assertion' : 'client-assertion';
  const sending = (text: string): Parameters<Call>[1] =>
    where === 'form' ? { fields: { [name]: text, [type]: ASSERTION } } : { headers: { [name]: text, [type]: ASSERTION } };
  return [
    { name, accepts: ['client assertion'], takes: async (world, text) => isDone(await call(world, sending(text))) },
    {
      name: 'Authorization: Bearer',
      accepts: [],
      takes: async (world, text) => isDone(await call(world, { headers: { authorization: `Bearer ${text}` } })),
    },
    {
      name: 'secret of Authorization: Basic',
      accepts: [],
      takes: async (world, text) => isDone(await call(world, { headers: { authorization: basic(KEYED, text) } })),
    },
    {
      name: 'DPoP',
      accepts: ['DPoP proof'],
      takes: async (world, text) => isDone(await call(world, { headers: { authorization: world.authorization, dpop: text } })),
    },
  ];
}

function field(call: Call, name: string, accepts: readonly Kind[], more: Sending = {}, isTaken = isDone): Slot {
  return {
    name: Object.keys(more).length === 0 ? name : `${name} ${JSON.stringify(more)}`,
    accepts,
    takes: async (world, text) =>
      isTaken(await call(world, { fields: { ...more, [name]: text }, headers: { authorization: world.authorization } })),
  };
}

const place = { method: 'POST', uri: '' };
const upstream = (world: World) => world.kinds['access token of an identity provider'](place);
const ours = (world: World) => world.kinds['access token of ours'](place);

const exchange = formAt('/oauth2/token', async (world) => ({
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token: await upstream(world),
  subject_token_type: JWT,
  audience: SAMPLE_AUDIENCE,
  tenant: 'acme',
}));
const introspect = formAt('/oauth2/introspect', async (world) => ({ token: await ours(world) }));
const revoke = formAt('/oauth2/revoke', () => ({ token: 'none' }));
const check = jsonAt('/v1/check', async (world) => ({
  subject_token: await upstream(world),
  audience: SAMPLE_AUDIENCE,
  tenant: 'acme',
  items: ITEMS,
}));
const effective = jsonAt('/v1/permissions:effective', async (world) => ({
  subject_token: await upstream(world),
  audience: SAMPLE_AUDIENCE,
  tenant: 'acme',
}));

/** What is asked about somebody of the sample company in the words of AuthZEN; the id is that of whatever token comes with it. */
const authzen = {
  action: { name: 'read' },
  resource: { type: 'billing:invoice', id: 'i1' },
  context: { audience: SAMPLE_AUDIENCE, tenant: 'acme' },
};
const alice = { type: 'user', id: 'alice' };
const subjectIn = (token: string): unknown => {
  try {
    return (
      (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { readonly sub?: unknown }).sub ?? 'nobody'
    );
  } catch {
    return 'nobody';
  }
};

function accessSlots(path: string): readonly Slot[] {
  const call = jsonAt(path, () => ({ ...authzen, subject: alice }));
  const asked = (more: (text: string) => object): Slot['takes'] => {
    return async (world, text) =>
      isDone(
        await jsonAt(path, () => ({ ...authzen, subject: alice, ...more(text) }))(world, {
          headers: { authorization: world.authorization },
        }),
      );
  };
  const byToken = (token: string): object => ({ subject: { type: 'user', id: subjectIn(token), properties: { token } } });
  const fresh = (text: string): object => ({ context: { ...authzen.context, at_least_as_fresh: text } });
  return [
    ...(path.endsWith('/subject') ? [] : [{ name: 'subject.properties.token', accepts: ASKED_ABOUT, takes: asked(byToken) }]),
    { name: 'context.at_least_as_fresh', accepts: ['consistency token'], takes: asked(fresh) },
    ...(path.includes('/search/')
      ? [{ name: 'page.token', accepts: PAGES[path] ?? [], takes: asked((token) => ({ page: { token } })) }]
      : []),
    ...clientSlots(call, 'headers'),
  ];
}

const ASKED_ABOUT: readonly Kind[] = ['access token of ours', 'access token of an identity provider'];
/** The one of the table is of a search for actions. */
const PAGES: Readonly<Record<string, readonly Kind[]>> = { '/access/v1/search/action': ['next page of a search'] };
const NOTHING: readonly Slot[] = [];

/** The token of the request that a gateway asks about, and what the gateway proves itself with. The sample policy has no routes: 403. */
function forwardSlots(path: string, forwarded: Sending): readonly Slot[] {
  const statusOf = async (world: World, headers: Sending): Promise<number> =>
    (await fetch(world.service.host.httpUrl + path, { headers: { ...forwarded, ...headers } })).status;
  const gateway = (name: string, headersOf: (text: string) => string): Slot => ({
    name,
    accepts: [],
    takes: async (world, text) => (await statusOf(world, { 'x-countersign-gateway': headersOf(text) })) !== 401,
  });
  return [
    {
      name: 'Authorization: Bearer',
      accepts: ASKED_ABOUT,
      takes: async (world, text) => {
        const sent = { 'x-countersign-gateway': world.authorization, authorization: `Bearer ${text}` };
        return (await statusOf(world, sent)) === 403;
      },
    },
    gateway('X-Countersign-Gateway: Bearer', (text) => `Bearer ${text}`),
    gateway('secret of X-Countersign-Gateway: Basic', (text) => basic(KEYED, text)),
    gateway('X-Countersign-Gateway: Certificate', (text) => `Certificate ${text}`),
  ];
}

/**
 * What clients call, and what anybody may: by method and path. Administration is not here: it takes one kind in one place, and is
 * found by itself. A client narrows its own token of ours for the same application; an actor token would need a delegation.
 */
export const REST_SLOTS: Readonly<Record<string, readonly Slot[]>> = {
  'ALL /v1/forward-auth': forwardSlots('/v1/forward-auth', {
    'x-original-uri': '/v1/invoices',
    'x-original-method': 'GET',
  }),
  'ALL /v1/forward-auth/*': forwardSlots('/v1/forward-auth/v1/invoices', {}),
  'POST /oauth2/token': [
    field(exchange, 'subject_token', ASKED_ABOUT),
    field(exchange, 'subject_token', ASKED_ABOUT, { subject_token_type: ACCESS_TOKEN }),
    field(exchange, 'actor_token', [], { actor_token_type: JWT }),
    ...clientSlots(exchange, 'form'),
  ],
  'OPTIONS /oauth2/token': NOTHING,
  'POST /oauth2/introspect': [
    // The operator's token was issued to this very client.
    field(
      introspect,
      'token',
      ['access token of ours', 'access token of an operator'],
      {},
      ({ body }) => body['active'] === true,
    ),
    ...clientSlots(introspect, 'form'),
  ],
  'POST /oauth2/revoke': clientSlots(revoke, 'form'),
  'OPTIONS /oauth2/revoke': NOTHING,
  'POST /v1/check': [
    field(check, 'subject_token', ASKED_ABOUT),
    field(check, 'at_least_as_fresh', ['consistency token']),
    ...clientSlots(check, 'headers'),
  ],
  'POST /v1/permissions:effective': [
    field(effective, 'subject_token', ASKED_ABOUT),
    field(effective, 'at_least_as_fresh', ['consistency token']),
    ...clientSlots(effective, 'headers'),
  ],
  ...Object.fromEntries(Object.values(ACCESS_PATHS).map((path) => [`POST ${path}`, accessSlots(path)])),
  'GET /.well-known/authzen-configuration': NOTHING,
  'GET /.well-known/jwks.json': NOTHING,
  'GET /.well-known/oauth-authorization-server': NOTHING,
  'GET /.well-known/openid-configuration': NOTHING,
  'GET /.well-known/oauth-protected-resource/admin/v1': NOTHING,
  'GET /.well-known/countersign-cutoffs.jwt': NOTHING,
  'GET /errors/:code': NOTHING,
  'GET /healthz': NOTHING,
  'GET /readyz': NOTHING,
};
