import type { EntraAcceptance } from '#accessors/issuer/contract.js';
import type { Claims, Fault, ProviderCheck, TokenOfIssuer } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { textClaim } from './claim-readers.js';
import { entra, presenterClaim } from './entra-id.claims.js';
import { isAgent, isAppOnly, isGuest, isPersonalAccount, kindOfEntra } from './entra-id.classification.js';
import { appRolesCheck, permissionsCheck } from './entra-id.permissions.js';
import { stepUpCheck } from './entra-id.step-up.js';

function acceptanceOf({ issuer }: TokenOfIssuer): EntraAcceptance {
  return entra(issuer).acceptance;
}

const agentCheck: ProviderCheck = {
  name: 'entra-agent',
  run(token) {
    if (acceptanceOf(token).agents || !isAgent(token.claims)) return undefined;
    return {
      code: 'TOKEN_AGENT_REFUSED',
      actual: `an agent identity of the blueprint ${quoted(token.claims['xms_par_app_azp'])}`,
      expected: 'no agent identity',
    };
  },
};

/** A device is never a subject, and a kind that the claims leave open is never guessed. */
const kindCheck: ProviderCheck = {
  name: 'entra-kind',
  run(token) {
    const accepted = acceptanceOf(token);
    const { claims } = token;
    const kind = kindOfEntra(claims);
    if (kind === 'device') return refusedKind('a token of a device', accepted);
    if (kind === 'undetermined') return undeterminedFault(claims, accepted);
    if (accepted.strictIdtyp && claims['idtyp'] === undefined) {
      return {
        ...refusedKind('no idtyp, so the kind is not proven', accepted),
        remedy: 'Add the optional claim idtyp, with include_user_token, to the access tokens of the API registration.',
      };
    }
    if (isAppOnly(kind)) return accepted.appOnly ? undefined : refusedKind('an app-only token', accepted);
    return accepted.delegated ? undefined : refusedKind('a delegated token', accepted);
  },
};

function refusedKind(actual: string, { delegated, appOnly }: EntraAcceptance): Fault {
  const kinds = [...(delegated ? ['delegated'] : []), ...(appOnly ? ['app-only'] : [])];
  return { code: 'TOKEN_KIND_NOT_ACCEPTED', actual, expected: kinds.length === 0 ? 'no token' : `${kinds.join(' or ')} tokens` };
}

function undeterminedFault(claims: Claims, accepted: EntraAcceptance): Fault {
  if (claims['scp'] === undefined && claims['roles'] === undefined) {
    return {
      code: 'TOKEN_SCOPE_MISSING',
      actual: 'neither scp nor roles',
      expected: 'a delegated scope, or application roles',
      remedy: 'Request a scope of the API, or assign an app role to the application and grant admin consent.',
    };
  }
  return {
    ...refusedKind(`idtyp is ${quoted(claims['idtyp'])}, scp is ${quoted(claims['scp'])}`, accepted),
    remedy: 'Add the optional claim idtyp to the access tokens of the API registration, so that they say what they are about.',
  };
}

/** Guests and personal accounts are people, so only delegated tokens are about them. */
const accountCheck: ProviderCheck = {
  name: 'entra-account',
  run(token) {
    const { claims } = token;
    const { cloud, hosting, acceptance } = entra(token.issuer);
    if (!acceptance.personalAccounts && isPersonalAccount(claims)) {
      return {
        code: 'TOKEN_PERSONAL_ACCOUNT',
        actual: 'a personal Microsoft account',
        expected: 'an account of an organisation',
      };
    }
    // In a directory of customers idp names where they signed in, not where they are at home.
    if (acceptance.guests || hosting.flavour !== 'workforce' || isAppOnly(kindOfEntra(claims)) || !isGuest(claims, cloud))
      return undefined;
    return {
      code: 'TOKEN_GUEST_REFUSED',
      actual: `acct is ${quoted(claims['acct'])}, idp is ${quoted(claims['idp'])}`,
      expected: 'a member of the directory',
    };
  },
};

/** Which client the token was issued to. Alone it proves nothing about a user's token: anybody can pose as a public client. */
const clientCheck: ProviderCheck = {
  name: 'entra-client',
  run(token) {
    const { presenters } = acceptanceOf(token);
    const name = presenterClaim(token.claims, entra(token.issuer));
    const client = textClaim(token.claims, name);
    if (presenters === null || (client !== undefined && presenters.includes(client.toLowerCase()))) return undefined;
    return {
      code: 'TOKEN_PRESENTER_NOT_ALLOWED',
      actual: `${name} is ${quoted(client)}`,
      expected: `one of ${quoted(presenters)}`,
    };
  },
};

const STRENGTHS = ['0', '1', '2'];

/** How that client authenticated: 0 not at all, 1 by a secret, 2 by a certificate or a federated credential. */
const clientAuthenticationCheck: ProviderCheck = {
  name: 'entra-client-authentication',
  run(token) {
    const least = acceptanceOf(token).minimumClientAuthentication;
    if (least === '0') return undefined;
    const name = token.claims['ver'] === '1.0' ? 'appidacr' : 'azpacr';
    const actual = textClaim(token.claims, name) ?? '';
    if (STRENGTHS.indexOf(actual) >= STRENGTHS.indexOf(least)) return undefined;
    return {
      code: 'TOKEN_PRESENTER_WEAK',
      actual: `${name} is ${quoted(token.claims[name])}`,
      expected: `${name} at least ${least}`,
    };
  },
};

export const ENTRA_ACCEPTANCE: readonly ProviderCheck[] = [
  kindCheck,
  agentCheck,
  accountCheck,
  clientCheck,
  clientAuthenticationCheck,
  appRolesCheck,
  permissionsCheck,
  stepUpCheck,
];
