import type { MintRequest } from './contract.js';

/** What the engine itself decides about a token. */
export interface TokenFrame {
  readonly issuer: string;
  readonly subject: string;
  readonly actor: string | null;
  readonly tokenId: string;
  /** Unix seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** `sref`: who it is about, for this service alone. */
  readonly reference: string;
}

/**
 * The claims set as JSON text. Members are named here one by one and nothing else gets in: no upstream claim can set or
 * replace one. What there is nothing to say about is left out; there are no nulls and no empty arrays.
 */
export class ClaimsComposer {
  /** A frozen list is always the same text; permission lists are long and shared by many subjects. */
  private readonly permissionTexts = new WeakMap<readonly string[], string>();

  compose(frame: TokenFrame, request: MintRequest): string {
    const claims = JSON.stringify({
      iss: frame.issuer,
      sub: frame.subject,
      aud: request.audience,
      client_id: request.clientId,
      iat: frame.issuedAt,
      exp: frame.expiresAt,
      jti: frame.tokenId,
      scope: request.scope === '' ? undefined : request.scope,
      tenant: request.tenant,
      act: request.act ?? (frame.actor === null ? undefined : { sub: frame.actor }),
      cnf: request.confirmation,
      impersonated: request.impersonated === true ? true : undefined,
      // A first token is its own origin.
      oat: request.origin === undefined || request.origin.depth === 1 ? undefined : request.origin.issuedAt,
      hop: request.origin === undefined || request.origin.depth === 1 ? undefined : request.origin.depth,
      acr: request.acr ?? undefined,
      amr: request.amr.length === 0 ? undefined : request.amr,
      auth_time: request.authTime ?? undefined,
      pv: request.policyVersion,
      ep: request.epoch,
      cnd: request.conditionalCount === 0 ? undefined : request.conditionalCount,
      authorization_details: request.details.length === 0 ? undefined : request.details,
      sref: frame.reference,
    });
    if (request.permissions.length === 0) return claims;
    return `${claims.slice(0, -1)},"permissions":${this.textOf(request.permissions)}}`;
  }

  private textOf(permissions: readonly string[]): string {
    const known = this.permissionTexts.get(permissions);
    if (known !== undefined) return known;

    const text = JSON.stringify(permissions);
    if (Object.isFrozen(permissions)) this.permissionTexts.set(permissions, text);
    return text;
  }
}
