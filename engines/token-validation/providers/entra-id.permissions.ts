import type { Claims, Fault, ProviderCheck } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import { textsClaim } from './claim-readers.js';
import { entra, scopesOf } from './entra-id.claims.js';
import { isAgent, isAppOnly, kindOfEntra } from './entra-id.classification.js';

/** SECURITY: any application of the directory gets a token for any API, without roles; that it has one proves nothing. */
export const appRolesCheck: ProviderCheck = {
  name: 'entra-app-roles',
  run({ claims, issuer }) {
    if (!entra(issuer).acceptance.requireAppRoles || !isAppOnly(kindOfEntra(claims))) return undefined;
    if (textsClaim(claims, 'roles').length > 0) return undefined;
    return {
      code: 'TOKEN_APP_WITHOUT_ROLES',
      actual: isAgent(claims) ? 'a token of an agent without roles' : 'an app-only token without roles',
      expected: 'at least one app role of the API',
    };
  },
};

/**
 * SECURITY: `roles` of an application are permissions, `roles` of a user are roles: one claim, two meanings. Scopes and user
 * roles are demanded of delegated tokens alone, application permissions of app-only tokens alone, and neither stands for another.
 */
export const permissionsCheck: ProviderCheck = {
  name: 'entra-permissions',
  run({ claims, issuer }) {
    const { requiredScopes, requiredApplicationPermissions, requiredUserRoles } = entra(issuer).acceptance;
    if (isAppOnly(kindOfEntra(claims))) return roleFault(claims, requiredApplicationPermissions, 'application permission');
    return scopeFault(claims, requiredScopes) ?? roleFault(claims, requiredUserRoles, 'role of the user');
  },
};

function scopeFault(claims: Claims, required: readonly string[]): Fault | undefined {
  if (required.length === 0) return claims['scp'] === undefined ? withoutScope(claims) : undefined;
  const held = scopesOf(claims);
  const missing = required.filter((scope) => !held.includes(scope));
  const [first] = missing;
  if (first === undefined) return undefined;
  const shortName = first.slice(first.lastIndexOf('/') + 1);
  const isUri = shortName !== first && held.includes(shortName);
  return {
    code: 'TOKEN_SCOPE_MISSING',
    actual: `scp is ${quoted(claims['scp'])}`,
    expected: `all of ${quoted(required)}`,
    ...(isUri
      ? { remedy: `Operator: scp holds short names. Register the scope as ${quoted(shortName)}, without the App ID URI.` }
      : {}),
  };
}

/** `idtyp` says that it is about a user, and yet nothing was delegated. */
function withoutScope(claims: Claims): Fault {
  return {
    code: 'TOKEN_SCOPE_MISSING',
    actual: `a token of a user without scp, roles is ${quoted(claims['roles'])}`,
    expected: 'a delegated scope',
  };
}

function roleFault(claims: Claims, required: readonly string[], what: string): Fault | undefined {
  const held = textsClaim(claims, 'roles');
  const missing = required.filter((role) => !held.includes(role));
  if (missing.length === 0) return undefined;
  return {
    code: 'TOKEN_ROLE_MISSING',
    actual: `${what} ${quoted(missing)} is not in roles ${quoted(held)}`,
    expected: `all of ${quoted(required)}`,
    ...(claims['xms_mirid'] === undefined
      ? {}
      : {
          remedy:
            'This is a managed identity, whose tokens the platform keeps for up to 24 hours: after the role was assigned, wait that long; nothing can force a new one.',
        }),
  };
}
