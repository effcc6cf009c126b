/** How a caller of a route proves itself. */
type CallersOf = 'anybody' | 'client';

/** A route that is no administration. What is not here is not advertised, and nothing is told about it. */
export interface Route {
  readonly path: string;
  readonly methods: 'POST' | 'GET, HEAD' | 'every method';
  readonly callers: CallersOf;
  /** Under which member of the metadata (RFC 8414 §2) it is advertised; `null`: it is none of OAuth's. */
  readonly member: 'token_endpoint' | 'introspection_endpoint' | 'revocation_endpoint' | 'jwks_uri' | null;
}

export const TOKEN_PATH = '/oauth2/token';
export const INTROSPECTION_PATH = '/oauth2/introspect';
export const REVOCATION_PATH = '/oauth2/revoke';
/** Live decisions. */
export const CHECK_PATH = '/v1/check';
export const EFFECTIVE_PATH = '/v1/permissions:effective';
/** AuthZEN 1.0: questions, and searches by what is searched for. */
export const ACCESS_PATHS = {
  evaluation: '/access/v1/evaluation',
  evaluations: '/access/v1/evaluations',
  action: '/access/v1/search/action',
  resource: '/access/v1/search/resource',
  subject: '/access/v1/search/subject',
} as const;
export const AUTHZEN_METADATA_PATH = '/.well-known/authzen-configuration';
/** What gateways ask about requests, whose own path may follow. */
export const FORWARD_AUTH_PATH = '/v1/forward-auth';
export const FORWARD_AUTH_BELOW = `${FORWARD_AUTH_PATH}/*`;
/** What a code means. */
export const ERROR_PATH = '/errors/:code';
export const JWKS_PATH = '/.well-known/jwks.json';
export const CUTOFFS_PATH = '/.well-known/countersign-cutoffs.jwt';
export const SERVER_METADATA_PATH = '/.well-known/oauth-authorization-server';
export const OPENID_CONFIGURATION_PATH = '/.well-known/openid-configuration';
/** Where operators' tokens are good: a protected resource of its own (RFC 9728). */
export const ADMINISTRATION_PATH = '/admin/v1';
export const RESOURCE_METADATA_PATH = `/.well-known/oauth-protected-resource${ADMINISTRATION_PATH}`;

const endpoint = (path: string, member: Route['member']): Route => ({
  path,
  methods: 'POST',
  callers: 'client',
  member,
});
const decision = (path: string): Route => ({ path, methods: 'POST', callers: 'client', member: null });
const forwarded = (path: string): Route => ({ path, methods: 'every method', callers: 'client', member: null });
const document = (path: string, member: Route['member'] = null): Route => ({
  path,
  methods: 'GET, HEAD',
  callers: 'anybody',
  member,
});

/** The one list: what is advertised and what a path answers to are read from it. */
export const ROUTES: readonly Route[] = [
  endpoint(TOKEN_PATH, 'token_endpoint'),
  endpoint(INTROSPECTION_PATH, 'introspection_endpoint'),
  endpoint(REVOCATION_PATH, 'revocation_endpoint'),
  decision(CHECK_PATH),
  decision(EFFECTIVE_PATH),
  forwarded(FORWARD_AUTH_PATH),
  forwarded(FORWARD_AUTH_BELOW),
  ...Object.values(ACCESS_PATHS).map(decision),
  document(JWKS_PATH, 'jwks_uri'),
  document(ERROR_PATH),
  document(CUTOFFS_PATH),
  document(SERVER_METADATA_PATH),
  document(OPENID_CONFIGURATION_PATH),
  document(AUTHZEN_METADATA_PATH),
  document(RESOURCE_METADATA_PATH),
];

const BY_PATH: ReadonlyMap<string, Route> = new Map(ROUTES.map((route) => [route.path, route]));

/** Whether clients are answered on this route, who have to prove themselves. As the router knows it, so that no spelling goes past. */
export function isForClients(route: string | undefined): boolean {
  return route !== undefined && BY_PATH.get(route)?.callers === 'client';
}

/** Whether bodies are JSON here; elsewhere they are forms. */
export function takesJson(url: string): boolean {
  return url.startsWith('/v1/') || url.startsWith('/admin/') || isAccessPath(url);
}

/** Whether AuthZEN's rules for requests and errors hold here. */
export function isAccessPath(url: string): boolean {
  return url.startsWith('/access/');
}

/** What a known path answers to (the `Allow` header); `undefined` for a path that is not there. */
export function allowedMethods(url: string): string | undefined {
  return BY_PATH.get(pathOf(url))?.methods;
}

/** Documents that are found by putting a path into them, between host and issuer (RFC 8414 §3.1, RFC 9728 §3.1, AuthZEN §9.2). */
const INSERTED: readonly string[] = [
  SERVER_METADATA_PATH,
  OPENID_CONFIGURATION_PATH,
  RESOURCE_METADATA_PATH,
  AUTHZEN_METADATA_PATH,
];

/**
 * What a request asks for where the issuer has a path: everything is below it too, and metadata is where the path is put behind the
 * well-known name. Without a path nothing changes.
 */
export function belowIssuer(issuer: string): (url: string) => string {
  const { pathname } = new URL(issuer);
  const prefix = pathname.replace(/\/$/, '');
  if (prefix === '') return (url) => url;
  const inserted = new Map(INSERTED.map((path) => [insertedInto(path, prefix), path]));
  return (url) => {
    const path = pathOf(url);
    const moved = inserted.get(path);
    if (moved !== undefined) return moved + url.slice(path.length);
    return url.startsWith(`${prefix}/`) ? url.slice(prefix.length) : url;
  };
}

/** `/.well-known/oauth-protected-resource/admin/v1` below `/auth` is `/.well-known/oauth-protected-resource/auth/admin/v1`. */
export function insertedInto(path: string, prefix: string): string {
  const [, wellKnown = '', rest = ''] = /^(\/\.well-known\/[^/]+)(.*)$/.exec(path) ?? [];
  return `${wellKnown}${prefix}${rest}`;
}

function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}
