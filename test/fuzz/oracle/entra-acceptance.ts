import { isText, type Rule } from './case.js';
import type { JsonObject } from './json-reader.js';
import { clientOf, isAgent, isGuest, kindOf, PERSONAL_DIRECTORY, textsOf, wordsOf } from './entra-reading.js';
import type { EntraWorldIssuer } from './world.js';

const isApp = (claims: JsonObject): boolean => kindOf(claims) === 'app';
/** `azpacr`: public client, secret, certificate or federation; anything else proves nothing. */
const STRENGTHS = ['0', '1', '2'];

const holdsAll = (held: readonly string[], wanted: readonly string[]): boolean => wanted.every((item) => held.includes(item));

/** Which genuine tokens the operator wants, one switch a line. */
export const ENTRA_ACCEPTANCE_RULES: readonly Rule<EntraWorldIssuer>[] = [
  { code: 'TOKEN_KIND_NOT_ACCEPTED', says: 'no device', broken: ({ claims }) => kindOf(claims) === 'device' },
  {
    code: 'TOKEN_KIND_NOT_ACCEPTED',
    says: 'the claims say one kind',
    broken: ({ claims }) => kindOf(claims) === 'unclear' && (claims.has('scp') || claims.has('roles')),
  },
  {
    code: 'TOKEN_SCOPE_MISSING',
    says: 'scp or roles',
    broken: ({ claims }) => kindOf(claims) === 'unclear' && !claims.has('scp') && !claims.has('roles'),
  },
  {
    code: 'TOKEN_KIND_NOT_ACCEPTED',
    says: 'idtyp where it is demanded',
    broken: ({ claims, issuer }) => issuer.acceptance.strictIdtyp && kindOf(claims) !== 'unclear' && !claims.has('idtyp'),
  },
  {
    code: 'TOKEN_KIND_NOT_ACCEPTED',
    says: 'delegated tokens where they are accepted',
    broken: ({ claims, issuer }) => !issuer.acceptance.delegated && kindOf(claims) === 'delegated',
  },
  {
    code: 'TOKEN_KIND_NOT_ACCEPTED',
    says: 'app-only tokens where they are accepted',
    broken: ({ claims, issuer }) => !issuer.acceptance.appOnly && isApp(claims),
  },
  {
    code: 'TOKEN_AGENT_REFUSED',
    says: 'agents where they are accepted',
    broken: ({ claims, issuer }) => !issuer.acceptance.agents && isAgent(claims),
  },
  {
    code: 'TOKEN_PERSONAL_ACCOUNT',
    says: 'personal accounts where they are accepted',
    broken: ({ claims, issuer }) => {
      const tid = claims.get('tid');
      return !issuer.acceptance.personalAccounts && isText(tid) && tid.toLowerCase() === PERSONAL_DIRECTORY;
    },
  },
  {
    code: 'TOKEN_GUEST_REFUSED',
    says: 'guests where they are accepted',
    broken: (token) =>
      !token.issuer.acceptance.guests && token.issuer.hosting.flavour === 'workforce' && !isApp(token.claims) && isGuest(token),
  },
  {
    code: 'TOKEN_PRESENTER_NOT_ALLOWED',
    says: 'a listed client',
    broken: (token) => {
      const client = clientOf(token);
      const { presenters } = token.issuer.acceptance;
      return presenters !== null && !(isText(client) && presenters.includes(client.toLowerCase()));
    },
  },
  {
    code: 'TOKEN_PRESENTER_WEAK',
    says: 'a client that authenticated well enough',
    broken: ({ claims, issuer: { acceptance } }) => {
      const value = claims.get(claims.get('ver') === '1.0' ? 'appidacr' : 'azpacr');
      const least = STRENGTHS.indexOf(acceptance.minimumClientAuthentication);
      return least > 0 && (isText(value) ? STRENGTHS.indexOf(value) : -1) < least;
    },
  },
  {
    code: 'TOKEN_APP_WITHOUT_ROLES',
    says: 'software has a role',
    broken: ({ claims, issuer }) =>
      issuer.acceptance.requireAppRoles && isApp(claims) && textsOf(claims.get('roles')).length === 0,
  },
  {
    code: 'TOKEN_ROLE_MISSING',
    says: 'application permissions',
    broken: ({ claims, issuer }) =>
      isApp(claims) && !holdsAll(textsOf(claims.get('roles')), issuer.acceptance.requiredApplicationPermissions),
  },
  {
    code: 'TOKEN_SCOPE_MISSING',
    says: 'something is delegated to act for a user',
    broken: ({ claims }) => kindOf(claims) === 'delegated' && !claims.has('scp'),
  },
  {
    code: 'TOKEN_SCOPE_MISSING',
    says: 'scopes of delegated tokens',
    broken: ({ claims, issuer }) =>
      kindOf(claims) === 'delegated' && !holdsAll(wordsOf(claims.get('scp')), issuer.acceptance.requiredScopes),
  },
  {
    code: 'TOKEN_ROLE_MISSING',
    says: 'roles of users',
    broken: ({ claims, issuer }) =>
      kindOf(claims) === 'delegated' && !holdsAll(textsOf(claims.get('roles')), issuer.acceptance.requiredUserRoles),
  },
  {
    code: 'TOKEN_STEP_UP_REQUIRED',
    says: 'the authentication context of delegated tokens',
    broken: ({ claims, issuer: { acceptance } }) => {
      const acrs = claims.get('acrs');
      const held = isText(acrs) ? [acrs] : Array.isArray(acrs) ? acrs : [];
      return (
        acceptance.requiredAuthContext !== null && !isApp(claims) && !held.some((one) => one === acceptance.requiredAuthContext)
      );
    },
  },
];
