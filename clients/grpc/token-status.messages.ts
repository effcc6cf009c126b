import type { Introspection } from '#managers/authorization/token-status.contract.js';
import type { AuthorizationDetail, IntrospectTokenResponse } from '#protos/generated/countersign/auth/v1/auth.js';

type Claims = Readonly<Record<string, unknown>>;

/** What is left out of a message is what proto3 has in its place: nothing at all is told of a token that is not active. */
export function introspectionMessage(introspection: Introspection): IntrospectTokenResponse {
  const claims: Claims = introspection.active ? introspection.claims : {};
  return {
    active: introspection.active,
    tokenType: text(claims, 'token_type'),
    iss: text(claims, 'iss'),
    sub: text(claims, 'sub'),
    aud: text(claims, 'aud'),
    clientId: text(claims, 'client_id'),
    iat: whole(claims, 'iat'),
    exp: whole(claims, 'exp'),
    jti: text(claims, 'jti'),
    scope: text(claims, 'scope'),
    tenant: text(claims, 'tenant'),
    permissions: texts(claims['permissions']),
    act: claims['act'] as IntrospectTokenResponse['act'],
    cnf: { ...(claims['cnf'] as Readonly<Record<string, string>> | undefined) },
    authorizationDetails: ((claims['authorization_details'] ?? []) as readonly Claims[]).map(detailMessage),
    acr: text(claims, 'acr'),
    amr: texts(claims['amr']),
    authTime: whole(claims, 'auth_time'),
    policyVersion: text(claims, 'pv'),
    epoch: whole(claims, 'ep'),
    impersonated: claims['impersonated'] === true,
  };
}

function detailMessage(detail: Claims): AuthorizationDetail {
  return {
    type: text(detail, 'type'),
    actions: texts(detail['actions']),
    datatypes: texts(detail['datatypes']),
    locations: texts(detail['locations']),
    identifier: text(detail, 'identifier'),
    path: text(detail, 'path'),
    unit: text(detail, 'unit'),
  };
}

function text(claims: Claims, name: string): string {
  const value = claims[name];
  return typeof value === 'string' ? value : '';
}

function whole(claims: Claims, name: string): number {
  const value = claims[name];
  return typeof value === 'number' ? value : 0;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
