import { isAbsentOr, isText, isTextArray, type Rule } from './case.js';
import { plainType } from './common-rules.js';
import { clientOf, isGuid, isHome, isIdToken, kindOf, versionOf, type EntraCase } from './entra-reading.js';
import { presenterFault } from './presenter-rules.js';
import type { EntraWorldIssuer } from './world.js';

const LONGEST_LIFE_SECONDS = 100_800;

const presenterIs = (code: string) => (token: EntraCase) => {
  const named = clientOf(token);
  return presenterFault(token, named === undefined ? [] : [named]) === code;
};

const isB2c = ({ issuer }: EntraCase): boolean => issuer.hosting.flavour === 'b2c';
const looksLikeEntra = ({ claims }: EntraCase): boolean =>
  isText(claims.get('tid')) && ['1.0', '2.0'].some((version) => version === claims.get('ver'));

/** A policy may make every `sub` the same words: only object ids count, and two of them are one. */
function b2cIdentityBroken({ claims }: EntraCase): boolean {
  const [oid, sub] = [claims.get('oid'), claims.get('sub')];
  if (oid === undefined) return !isGuid(sub);
  return !isGuid(oid) || (isGuid(sub) && sub.toLowerCase() !== oid.toLowerCase());
}

const isSoftwareWithoutObject = ({ claims }: EntraCase): boolean =>
  !claims.has('oid') && !claims.has('scp') && claims.get('idtyp') !== 'user';

/** Microsoft's access token claims reference and "claims validation", by equality throughout. */
export const ENTRA_RULES: readonly Rule<EntraWorldIssuer>[] = [
  {
    code: 'TOKEN_TYPE_MISMATCH',
    says: 'typ is JWT',
    broken: ({ header }) => {
      const type = header.get('typ');
      return !isText(type) || plainType(type) !== 'jwt';
    },
  },
  {
    code: 'TOKEN_KEY_ISSUER_MISMATCH',
    says: 'the key, its template filled with tid, belongs to iss',
    broken: ({ key, claims, iss }) => {
      if (key === undefined || key.keyIssuer === null) return false;
      const tid = claims.get('tid');
      return (isText(tid) ? key.keyIssuer.split('{tenantid}').join(tid) : key.keyIssuer) !== iss;
    },
  },
  {
    code: 'TOKEN_KEY_ISSUER_MISMATCH',
    says: 'the key belongs to the cloud',
    broken: ({ key, issuer }) => (key?.cloudInstanceName ?? issuer.cloudInstanceName) !== issuer.cloudInstanceName,
  },
  {
    code: 'TOKEN_FOR_GRAPH',
    says: 'no nonce in the header',
    broken: (token) => looksLikeEntra(token) && token.header.has('nonce'),
  },
  { code: 'TOKEN_IS_ID_TOKEN', says: 'not the claims of an ID token', broken: ({ claims }) => isIdToken(claims) },
  {
    code: 'TOKEN_IS_ID_TOKEN',
    says: 'no nonce, but where B2C passes it on',
    broken: (token) => {
      const scp = token.claims.get('scp');
      return token.claims.has('nonce') && !(isB2c(token) && isText(scp) && scp !== '');
    },
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'tid is a GUID',
    broken: (token) => !isB2c(token) && !isGuid(token.claims.get('tid')),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'tid is spelt in one way only',
    broken: ({ claims }) =>
      [...claims.keys()].some((name) => name !== 'tid' && name.length === 3 && name.toLowerCase() === 'tid'),
  },
  { code: 'TOKEN_CLAIM_INVALID', says: 'no tfp outside B2C', broken: (token) => !isB2c(token) && token.claims.has('tfp') },
  { code: 'TOKEN_TENANT_MISMATCH', says: 'tid is accepted, and is the directory in iss', broken: (token) => !isHome(token) },
  {
    code: 'TOKEN_TENANT_MISMATCH',
    says: 'the policy is the one that is trusted',
    broken: ({ claims, issuer: { hosting } }) =>
      hosting.flavour === 'b2c' && (claims.get('tfp') ?? claims.get('acr')) !== hosting.policy,
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'ver is the version of iss',
    broken: (token) => token.claims.get('ver') !== versionOf(token),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'oid is a GUID',
    broken: (token) => !isB2c(token) && !isSoftwareWithoutObject(token) && !isGuid(token.claims.get('oid')),
  },
  { code: 'TOKEN_CLAIM_INVALID', says: 'an object id of B2C', broken: (token) => isB2c(token) && b2cIdentityBroken(token) },
  {
    code: 'TOKEN_WITHOUT_SERVICE_PRINCIPAL',
    says: 'software has an object in the directory',
    broken: (token) => !isB2c(token) && isSoftwareWithoutObject(token),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'appid, azp, scp, idtyp, azpacr and appidacr are strings',
    broken: ({ claims }) =>
      ['appid', 'azp', 'scp', 'idtyp', 'azpacr', 'appidacr'].some((name) => !isAbsentOr(isText)(claims.get(name))),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'aud is one string',
    broken: ({ claims }) => isTextArray(claims.get('aud')),
  },
  {
    code: 'TOKEN_AUDIENCE_MISMATCH',
    says: 'aud of a v2 token is a client id',
    broken: (token) => {
      const aud = token.claims.get('aud');
      const v1 = token.issuer.hosting.flavour === 'workforce' && token.claims.get('ver') === '1.0';
      return !v1 && isText(aud) && !isGuid(aud);
    },
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'a life of 28 hours at most',
    broken: ({ claims }) => {
      const [exp, iat] = [claims.get('exp'), claims.get('iat')];
      return typeof exp === 'number' && typeof iat === 'number' && exp - iat > LONGEST_LIFE_SECONDS;
    },
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'roles and groups are arrays of strings',
    broken: ({ claims }) => ['roles', 'groups'].some((name) => !isAbsentOr(isTextArray)(claims.get(name))),
  },
  {
    code: 'TOKEN_TOO_OLD',
    says: 'iat is younger than the limit of the kind',
    broken: ({ claims, world, issuer }) => {
      const iat = claims.get('iat');
      const limit = issuer.maxTokenAgeSeconds[kindOf(claims) === 'app' ? 'workload' : 'user'];
      return typeof iat === 'number' && world.now - iat > limit;
    },
  },
  { code: 'TOKEN_PRESENTER_CONFLICT', says: 'one client', broken: presenterIs('TOKEN_PRESENTER_CONFLICT') },
  { code: 'TOKEN_PRESENTER_MISMATCH', says: 'a rightful presenter', broken: presenterIs('TOKEN_PRESENTER_MISMATCH') },
];
