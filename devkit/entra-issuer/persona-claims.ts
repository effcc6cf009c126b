import { createHash, randomBytes } from 'node:crypto';
import type { AppPersona, Persona, UserPersona } from './personas.js';

export type TokenVersion = 1 | 2;
export type Claims = Readonly<Record<string, unknown>>;

export interface ClaimsRequest {
  readonly version: TokenVersion;
  readonly issuer: string;
  readonly directoryId: string;
  readonly audience: string;
  readonly clientId: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly lifetimeSeconds: number;
  /** Base of v1 issuers, for the home directory of a guest. */
  readonly v1IssuerBase: string;
}

/** The payload of an access token for the persona, in the shape that the real service gives to its version. */
export function personaClaims(persona: Persona, request: ClaimsRequest): Claims {
  const own = persona.kind === 'user' ? userClaims(persona, request) : appClaims(persona, request);
  return {
    aud: request.audience,
    iss: request.issuer,
    iat: request.issuedAt,
    nbf: request.issuedAt,
    exp: request.issuedAt + request.lifetimeSeconds,
    aio: opaque(24),
    ...own,
    oid: persona.objectId,
    rh: `0.${opaque(18)}.`,
    tid: request.directoryId,
    uti: opaque(16),
    ver: request.version === 1 ? '1.0' : '2.0',
  };
}

function userClaims(persona: UserPersona, request: ClaimsRequest): Claims {
  const name = `${persona.givenName} ${persona.familyName}`;
  const common = {
    name,
    scp: persona.scopes,
    sub: pairwiseSubject(persona, request.audience),
    acct: persona.guestOf === null ? 0 : 1,
    ...guestClaims(persona, request),
    ...overageClaims(persona, request),
  };
  if (request.version === 2) return { ...common, azp: request.clientId, azpacr: '0', preferred_username: persona.userName };
  return {
    ...common,
    acr: '1',
    amr: ['pwd', 'mfa'],
    appid: request.clientId,
    appidacr: '0',
    family_name: persona.familyName,
    given_name: persona.givenName,
    ipaddr: '203.0.113.9',
    unique_name: persona.userName,
    ...(persona.guestOf === null ? { upn: persona.userName } : {}),
  };
}

function appClaims(persona: AppPersona, { version, clientId, issuer }: ClaimsRequest): Claims {
  const common = { idtyp: 'app', roles: persona.roles, sub: persona.objectId };
  if (version === 2) return { ...common, azp: clientId, azpacr: '1' };
  return { ...common, appid: clientId, appidacr: '1', idp: issuer };
}

function guestClaims(persona: UserPersona, request: ClaimsRequest): Claims {
  if (persona.guestOf === null) return {};
  return { idp: `${request.v1IssuerBase}/${persona.guestOf}/`, email: persona.userName };
}

/** Too many groups: the token points at a service that is retired, and whose address nobody may follow. */
function overageClaims(persona: UserPersona, { directoryId }: ClaimsRequest): Claims {
  if (!persona.groupOverage) return {};
  const endpoint = `https://graph.windows.net/${directoryId}/users/${persona.objectId}/getMemberObjects`;
  return { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint } } };
}

/** The real service gives each application another `sub` for the same person. */
function pairwiseSubject(persona: Persona, audience: string): string {
  const application = audience.replace(/^api:\/\//, '');
  return createHash('sha256').update(`${persona.objectId}:${application}`).digest('base64url');
}

function opaque(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}
