import { audiencesOf, isAbsentOr, isDate, isText, isTextArray, type Rule } from './case.js';
import type { JsonObject, JsonValue } from './json-reader.js';

const FORBIDDEN_HEADERS = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'];
const LEAST_SECONDS_LEFT = 30;
const MAX_IDENTIFIER_CHARACTERS = 1024;

/** RFC 7515 §4.1.9: no case, and `application/` may be left out. */
export const plainType = (type: string): string => type.toLowerCase().replace(/^application\//, '');

export function isIdentifier(value: JsonValue | undefined): value is string {
  if (!isText(value) || value === '' || value.length > MAX_IDENTIFIER_CHARACTERS) return false;
  return Array.from(value).every((character) => {
    const code = character.charCodeAt(0);
    return code > 0x1f && (code < 0x7f || code > 0x9f);
  });
}

function isActor(value: JsonValue | undefined, depth: number): boolean {
  if (!(value instanceof Map) || depth > 4) return false;
  const actor = value as JsonObject;
  const hasNames = isIdentifier(actor.get('sub')) && (!actor.has('iss') || isIdentifier(actor.get('iss')));
  return hasNames && (!actor.has('act') || isActor(actor.get('act'), depth + 1));
}

function isCandidate(value: JsonValue | undefined): boolean {
  if (!(value instanceof Map)) return false;
  const candidate = value as JsonObject;
  const said = ['sub', 'client_id', 'iss'].filter((name) => candidate.has(name));
  return said.every((name) => isIdentifier(candidate.get(name))) && said.some((name) => name !== 'iss');
}

const isAudience = (value: JsonValue | undefined): boolean => isText(value) || (isTextArray(value) && value.length > 0);
const dateOf = (value: JsonValue | undefined): number | undefined => (isDate(value) ? value : undefined);

/** The one rule that can be judged of a header whose issuer is unknown. */
export const FORBIDDEN_HEADER = {
  code: 'TOKEN_HEADER_FORBIDDEN',
  says: 'none of crit, b64, jku, jwk, x5u, x5c, zip, enc',
  brokenBy: (header: JsonObject): boolean => FORBIDDEN_HEADERS.some((name) => header.has(name)),
} as const;

/** Rules about the header, which hold whoever signed. */
export const HEADER_RULES: readonly Rule[] = [
  { code: FORBIDDEN_HEADER.code, says: FORBIDDEN_HEADER.says, broken: ({ header }) => FORBIDDEN_HEADER.brokenBy(header) },
  {
    code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
    says: 'alg is listed for the issuer, in its exact spelling',
    broken: ({ header, issuer }) => !issuer.algorithms.some((algorithm) => algorithm === header.get('alg')),
  },
  {
    code: 'TOKEN_KEY_ID_MISSING',
    says: 'kid is a string that says something',
    broken: ({ header }) => !isText(header.get('kid')) || header.get('kid') === '',
  },
  {
    code: 'TOKEN_KEY_UNKNOWN',
    says: 'the issuer publishes the key',
    broken: ({ header, key }) => isText(header.get('kid')) && header.get('kid') !== '' && key === undefined,
  },
  {
    code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
    says: 'the key is for the algorithm of the header',
    broken: ({ header, key }) => key !== undefined && key.algorithm !== header.get('alg'),
  },
];

/** The audiences by which Microsoft's own services are known (entra access tokens; the sovereign clouds' endpoints). */
const GRAPH =
  /^(https:\/\/(graph\.microsoft\.(com|us)|dod-graph\.microsoft\.us|microsoftgraph\.chinacloudapi\.cn)|00000003-0000-0000-c000-000000000000)\/?$/;
const AZURE =
  /^(https:\/\/(management\.(azure\.com|core\.windows\.net|usgovcloudapi\.net|chinacloudapi\.cn)|vault\.(azure\.net|usgovcloudapi\.net|azure\.cn))\/?|api:\/\/AzureADTokenExchange.*)$/s;

const isMeantFor = (aud: JsonValue | undefined, audience: RegExp): boolean => isText(aud) && audience.test(aud);

/** RFC 7519 §4.1 and what this service asks of every subject token. */
export const CLAIM_RULES: readonly Rule[] = [
  { code: 'TOKEN_CLAIM_INVALID', says: 'iss', broken: ({ claims }) => !isIdentifier(claims.get('iss')) },
  { code: 'TOKEN_CLAIM_INVALID', says: 'sub', broken: ({ claims }) => !isIdentifier(claims.get('sub')) },
  { code: 'TOKEN_CLAIM_INVALID', says: 'aud', broken: ({ claims }) => !isAudience(claims.get('aud')) },
  { code: 'TOKEN_CLAIM_INVALID', says: 'exp', broken: ({ claims }) => !isDate(claims.get('exp')) },
  { code: 'TOKEN_CLAIM_INVALID', says: 'iat', broken: ({ claims }) => !isDate(claims.get('iat')) },
  { code: 'TOKEN_CLAIM_INVALID', says: 'nbf', broken: ({ claims }) => !isAbsentOr(isDate)(claims.get('nbf')) },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'azp, client_id, tid and jti are strings where they are there',
    broken: ({ claims }) => ['azp', 'client_id', 'tid', 'jti'].some((name) => !isAbsentOr(isText)(claims.get(name))),
  },
  { code: 'TOKEN_FOR_GRAPH', says: 'not for Microsoft Graph', broken: ({ claims }) => isMeantFor(claims.get('aud'), GRAPH) },
  {
    code: 'TOKEN_FOR_OTHER_RESOURCE',
    says: 'not for another Azure service',
    broken: ({ claims }) => isMeantFor(claims.get('aud'), AZURE),
  },
  {
    code: 'TOKEN_TYPE_MISMATCH',
    says: 'no security event token (RFC 8417 §2.2)',
    broken: ({ claims }) => typeof claims.get('events') === 'object',
  },
  {
    code: 'TOKEN_IS_ID_TOKEN',
    says: 'no ID token (OpenID Connect Core §2, §3.3.2.11)',
    broken: ({ claims }) => ['at_hash', 'c_hash'].some((name) => claims.has(name)),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'act names somebody, at most four deep (RFC 8693 §4.1)',
    broken: ({ claims }) => claims.has('act') && !isActor(claims.get('act'), 1),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'may_act names somebody (RFC 8693 §4.4)',
    broken: ({ claims }) => claims.has('may_act') && !isCandidate(claims.get('may_act')),
  },
  {
    code: 'TOKEN_AUDIENCE_MISMATCH',
    says: 'a value of aud is listed for the issuer',
    broken: ({ claims, issuer }) =>
      isAudience(claims.get('aud')) && !audiencesOf(claims).some((audience) => issuer.audiences.includes(audience)),
  },
  { code: 'TOKEN_SENDER_CONSTRAINED', says: 'no cnf (RFC 7800)', broken: ({ claims }) => claims.has('cnf') },
  {
    code: 'TOKEN_EXPIRED',
    says: 'exp is ahead, without skew',
    broken: ({ claims, world }) => (dateOf(claims.get('exp')) ?? Infinity) <= world.now,
  },
  {
    code: 'TOKEN_EXPIRES_TOO_SOON',
    says: '30 s are left',
    broken: ({ claims, world }) => {
      const left = (dateOf(claims.get('exp')) ?? Infinity) - world.now;
      return left > 0 && left < LEAST_SECONDS_LEFT;
    },
  },
  {
    code: 'TOKEN_NOT_YET_VALID',
    says: 'nbf and iat are not ahead of the clock by more than the skew',
    broken: ({ claims, world, issuer }) =>
      ['nbf', 'iat'].some((name) => (dateOf(claims.get(name)) ?? 0) > world.now + issuer.skewSeconds),
  },
  {
    code: 'TOKEN_CLAIM_INVALID',
    says: 'nbf and iat are not after exp',
    broken: ({ claims }) => {
      const exp = dateOf(claims.get('exp')) ?? Infinity;
      return ['nbf', 'iat'].some((name) => (dateOf(claims.get(name)) ?? 0) > exp);
    },
  },
];
