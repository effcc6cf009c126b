import { isText, isTextArray, type TokenCase } from './case.js';
import { clientOf, kindOf as entraKindOf, textsOf } from './entra-reading.js';
import type { JsonObject, JsonValue } from './json-reader.js';
import { kindOf as oidcKindOf, presentersOf } from './oidc-rules.js';
import { claimAt } from './selector.js';
import type { EntraWorldIssuer, OidcWorldIssuer, Selector, WorldTenantRule } from './world.js';

/** Who a good token is about; an engine that accepts it for somebody else accepts it wrongly. */
export interface ExpectedPrincipal {
  readonly issuer: string;
  readonly kind: 'user' | 'workload';
  readonly instance: string;
  readonly externalId: string;
  readonly tenants: readonly WorldTenantRule[];
  readonly case: 'own' | 'on-behalf-of';
  readonly presenterId: string | null;
  readonly actors: readonly { readonly sub: string; readonly iss: string | null }[];
  readonly mayAct: { readonly iss: string | null; readonly sub: string | null; readonly clientId: string | null } | null;
  /** Nobody shows a key here. */
  readonly confirmation: null;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly groupsOverage: boolean;
  readonly acr: string | null;
  readonly amr: readonly string[];
  readonly authTime: number | null;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

type Described = Pick<ExpectedPrincipal, 'kind' | 'instance' | 'externalId' | 'roles' | 'groups' | 'groupsOverage'>;

/** Called for tokens that break no rule. */
export function principalOf(token: TokenCase): ExpectedPrincipal {
  const { claims, issuer } = token;
  const described = issuer.provider === 'oidc' ? oidcPrincipal({ ...token, issuer }) : entraPrincipal({ ...token, issuer });
  const acr = claims.get('acr');
  const amr = claims.get('amr');
  const [issuedAt, expiresAt] = [Number(claims.get('iat')), Number(claims.get('exp'))];
  return {
    ...described,
    issuer: issuer.name,
    tenants: issuer.tenantRules.filter(({ when }) => when === null || claims.get(when.claim) === when.equals),
    case: caseOf(token),
    presenterId: namedBy(token)[0] ?? null,
    actors: actorsIn(claims.get('act')),
    mayAct: candidateIn(claims.get('may_act')),
    confirmation: null,
    acr: isText(acr) && acr !== '' ? acr : null,
    amr: isTextArray(amr) ? amr : [],
    authTime: authTimeOf(claims.get('auth_time'), issuedAt),
    issuedAt,
    expiresAt,
  };
}

const textOf = (value: JsonValue | undefined): string => (isText(value) ? value : '');
const textOrNull = (value: JsonValue | undefined): string | null => (isText(value) ? value : null);

function actorsIn(act: JsonValue | undefined): ExpectedPrincipal['actors'] {
  if (!(act instanceof Map)) return [];
  const actor = act as JsonObject;
  return [{ sub: textOf(actor.get('sub')), iss: textOrNull(actor.get('iss')) }, ...actorsIn(actor.get('act'))];
}

function candidateIn(mayAct: JsonValue | undefined): ExpectedPrincipal['mayAct'] {
  if (!(mayAct instanceof Map)) return null;
  const named = mayAct as JsonObject;
  return { iss: textOrNull(named.get('iss')), sub: textOrNull(named.get('sub')), clientId: textOrNull(named.get('client_id')) };
}

function authTimeOf(value: JsonValue | undefined, issuedAt: number): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= issuedAt ? value : null;
}

/** Whether groups are said to be kept elsewhere (OpenID Connect Core §5.6.2). */
function keptElsewhere(claims: JsonObject, selector: Selector): boolean {
  const names = claims.get('_claim_names');
  const name = typeof selector === 'string' ? selector : selector[0];
  return names instanceof Map && (names as JsonObject).has(name);
}

function oidcPrincipal(token: TokenCase<OidcWorldIssuer>): Described {
  const { claims, issuer } = token;
  const ids = issuer.identityClaims.map((selector) => textOf(claimAt(claims, selector)));
  return {
    kind: oidcKindOf(token),
    instance: `oidc:${issuer.issuer}`,
    externalId: ids.length === 1 ? (ids[0] ?? '') : ids.map(encodeURIComponent).join(':'),
    roles: textsOf(claimAt(claims, issuer.claims.roles)),
    groups: textsOf(claimAt(claims, issuer.claims.groups)),
    groupsOverage: keptElsewhere(claims, issuer.claims.groups),
  };
}

function entraPrincipal({ claims, issuer }: TokenCase<EntraWorldIssuer>): Described {
  const b2c = issuer.hosting.flavour === 'b2c';
  const directory = b2c ? issuer.directoryIds[0] : claims.get('tid');
  const object = claims.get('oid') ?? (b2c ? claims.get('sub') : undefined);
  const marked = claims.has('hasgroups') && claims.get('hasgroups') !== false;
  return {
    kind: entraKindOf(claims) === 'app' ? 'workload' : 'user',
    instance: `entra:${issuer.cloud.name}:${textOf(directory).toLowerCase()}`,
    externalId: textOf(object).toLowerCase(),
    roles: textsOf(claims.get('roles')),
    groups: textsOf(claims.get('groups')),
    groupsOverage: marked || keptElsewhere(claims, 'groups'),
  };
}

/** Own before listed before the API. */
function caseOf(token: TokenCase): ExpectedPrincipal['case'] {
  const { issuer, presenter } = token;
  const named = namedBy(token);
  const own = presenter.ownPresenters.some((entry) => entry.issuer === issuer.name && named.includes(entry.id));
  return own ? 'own' : 'on-behalf-of';
}

function namedBy(token: TokenCase): readonly string[] {
  const { issuer } = token;
  const named = issuer.provider === 'oidc' ? presentersOf({ ...token, issuer }) : [clientOf({ ...token, issuer }) ?? null];
  return named.filter((id) => isText(id)).filter((id) => id !== '');
}
