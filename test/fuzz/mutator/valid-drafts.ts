import type { EntraWorldIssuer, OidcWorldIssuer, Selector } from '../oracle/world.js';
import { place, type Draft, type Json, type Making } from './draft.js';
import { API, API_CALLER, API_URI, CLIENT, LISTED_CLIENT, NOW, PERSONAL_DIRECTORY, type SigningIssuer } from './fuzz-world.js';
import type { Prng } from './prng.js';

const OBJECTS = ['9b1d0000-1111-4222-8333-444455556666', '55AA0000-1111-4222-8333-444455556666'];

/** A token that every rule is content with, of a kind drawn by lot. */
export function validDraft(making: Making, from: SigningIssuer = making.random.weighted(making.fuzz.signing)): Draft {
  const { issuer } = from;
  const { random, fuzz } = making;
  const key = signingKey(random.next(), from);
  const way = random.pick(['own', 'own', 'listed', 'api'] as const);
  const client = { own: CLIENT, listed: LISTED_CLIENT, api: API_CALLER }[way];
  const presenter = fuzz.presenters[way];
  const parts = issuer.provider === 'oidc' ? oidcToken(random, issuer, client) : entraToken(random, issuer, client);
  const header = { ...parts.header, alg: key.algorithm, kid: key.kid };
  const nameless = issuer.provider === 'oidc' && issuer.presenterClaims.length === 0;
  return { from, header, claims: parts.claims, key, presenter: nameless ? fuzz.presenters.api : presenter };
}

interface Parts {
  readonly header: Json;
  readonly claims: Json;
}

function entraToken(random: Prng, issuer: EntraWorldIssuer, client: string): Parts {
  const { iss, v1, tid } = home(random, issuer);
  const byAppId = v1 && issuer.hosting.flavour === 'workforce';
  const app = isForSoftware(random, issuer);
  const object = random.pick(OBJECTS);
  const claims: Json = {
    aud: byAppId ? random.pick([API_URI, API]) : API,
    iss,
    ...times(random.below(60), random.chance(0.8)),
    aio: 'opaque',
    [byAppId ? 'appid' : 'azp']: client,
    [v1 ? 'appidacr' : 'azpacr']: random.pick(strengths(issuer, app)),
    oid: object,
    uti: `u${random.next().toString(36)}`,
    ver: v1 ? '1.0' : '2.0',
    ...(tid === undefined ? {} : { tid }),
    ...(app ? appClaims(random, issuer, object) : userClaims(random, issuer, object)),
  };
  return { header: { typ: 'JWT' }, claims };
}

function isForSoftware(random: Prng, { acceptance, hosting }: EntraWorldIssuer): boolean {
  if (!acceptance.appOnly || hosting.flavour === 'b2c') return false;
  return !acceptance.delegated || random.chance(0.3);
}

function strengths({ acceptance }: EntraWorldIssuer, app: boolean): readonly string[] {
  return app || acceptance.minimumClientAuthentication !== '0' ? ['1', '2'] : ['0', '1', '2'];
}

function home(random: Prng, issuer: EntraWorldIssuer): { readonly iss: string; readonly v1: boolean; readonly tid?: string } {
  const { hosting } = issuer;
  if (hosting.flavour === 'external-id') return { iss: hosting.issuer, v1: false, tid: issuer.directoryIds[0] ?? '' };
  if (hosting.flavour === 'b2c') {
    return { iss: hosting.issuer, v1: true, ...(random.chance(0.3) ? { tid: issuer.directoryIds[0] ?? '' } : {}) };
  }
  const { iss } = random.pick(issuer.owns.filter((owned) => !owned.iss.includes(PERSONAL_DIRECTORY)));
  const [tid = ''] = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(iss) ?? [];
  return { iss, v1: iss.startsWith(issuer.cloud.v1IssuerBase), tid };
}

function appClaims(random: Prng, { acceptance }: EntraWorldIssuer, object: string): Json {
  const marked = acceptance.strictIdtyp || random.chance(0.6);
  return { sub: object, roles: ['Orders.Read.All', 'x'], ...(marked ? { idtyp: 'app' } : {}) };
}

function userClaims(random: Prng, { acceptance, hosting }: EntraWorldIssuer, object: string): Json {
  const claims: Json = { sub: 'pairwise-subject', scp: 'access_as_user Orders.Read' };
  const add = (wanted: boolean, more: Json): Json => (wanted ? Object.assign(claims, more) : claims);
  const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://graph' } } };
  add(acceptance.requiredUserRoles.length > 0 || random.chance(0.5), { roles: ['Report.Reader'], groups: [OBJECTS[0]] });
  add(acceptance.strictIdtyp || random.chance(0.5), { preferred_username: 'ida@contoso.com', idtyp: 'user' });
  add(random.chance(0.5), overage);
  add(acceptance.guests && random.chance(0.1), { acct: 1 });
  add(acceptance.requiredAuthContext !== null, { acrs: random.pick([['c1', 'c3'], 'c1']) });
  if (hosting.flavour === 'b2c') {
    add(true, { sub: object, tfp: hosting.policy });
    add(random.chance(0.3), { nonce: 'n' });
  }
  return claims;
}

function oidcToken(random: Prng, issuer: OidcWorldIssuer, client: string): Parts {
  const app = issuer.kind === 'auto' && random.chance(0.3);
  const claims: Json = {
    iss: issuer.issuer,
    sub: app ? client : 'alice',
    aud: random.chance(0.5) ? random.pick(issuer.audiences) : [random.pick(issuer.audiences), 'https://other.example'],
    ...times(random.below(60), random.chance(0.3)),
    jti: `j${random.next().toString(36)}`,
  };
  for (const selector of issuer.identityClaims) if (selector !== 'sub') place(claims, selector, '4711');
  placeConditions(claims, random, issuer);
  const clientClaim = clientClaimOf(random, issuer);
  if (clientClaim !== undefined) place(claims, clientClaim, client);
  placeGroups(claims, random, issuer);
  const typeless = issuer.allowMissingType && random.chance(0.5);
  return { header: typeless ? {} : { typ: random.pick(issuer.acceptedTypes) }, claims };
}

function placeConditions(claims: Json, random: Prng, issuer: OidcWorldIssuer): void {
  for (const { claim, oneOf } of issuer.conditions) place(claims, claim, random.pick(oneOf));
  for (const selector of issuer.markerClaims) place(claims, selector, 'x');
}

function placeGroups(claims: Json, random: Prng, issuer: OidcWorldIssuer): void {
  if (random.chance(0.4)) place(claims, issuer.claims.roles, ['reader']);
  if (random.chance(0.2)) place(claims, issuer.claims.groups, []);
}

/** Where the token names its client: a claim that is there anyway comes first, since two names must agree. */
function clientClaimOf(random: Prng, { presenterClaims, markerClaims }: OidcWorldIssuer): Selector | undefined {
  const marked = presenterClaims.find((selector) => markerClaims.includes(selector));
  return marked ?? (presenterClaims.length === 0 ? undefined : random.pick(presenterClaims));
}

function times(age: number, withNotBefore: boolean): Json {
  return { iat: NOW - age, ...(withNotBefore ? { nbf: NOW - age } : {}), exp: NOW + 3_600 };
}

/** RSA signs twenty times slower than the others: one token in forty is enough to have it covered. */
function signingKey(lot: number, { keys }: SigningIssuer): Draft['key'] {
  const fast = keys.filter(({ algorithm }) => algorithm === 'Ed25519' || algorithm === 'ES256');
  const pool = fast.length === 0 || lot % 40 === 0 ? keys : fast;
  const preferred = (lot >>> 8) % 4 === 0 ? pool.at(-1) : pool[0];
  if (preferred === undefined) throw new Error('An issuer needs a key.');
  return preferred;
}
