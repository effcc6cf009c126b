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

/** Claims of a token of at most 7 KiB: what is left of it beside the longest header and signature, in base64url. */
const MOST_CHARACTERS = ((7 * 1024 - 640) * 3) / 4;

/** SECURITY: larger ones are refused by proxies and truncated by none, so what does not fit is left out as a whole. */
export function isTooLarge(claims: string): boolean {
  return claims.length > MOST_CHARACTERS;
}

/**
 * The claims set as JSON text. Members are named here one by one and nothing else gets in: no upstream claim can set or
 * replace one. What there is nothing to say about is left out; there are no nulls and no empty arrays.
 */
export class ClaimsComposer {
  /** A frozen list is always the same text; permission lists are long and shared by many subjects. */
  private readonly permissionTexts = new WeakMap<readonly string[], string>();

  /** Without what is to be asked for. A scope that somebody asked for stays; one that lists the permissions goes with them. */
  composeByReference(frame: TokenFrame, request: MintRequest): string {
    const scope = request.scope === request.permissions.join(' ') ? '' : request.scope;
    const claims = this.compose(frame, { ...request, scope, permissions: [], details: [] });
    return `${claims.slice(0, -1)},"permissions_ref":true}`;
  }

  compose(frame: TokenFrame, request: MintRequest): string {
    const claims = JSON.stringify({
      iss: frame.issuer,
      aud: request.audience,
      client_id: request.clientId,
      scope: orLeftOut(request.scope),
      tenant: request.tenant,
      act: actOf(frame, request),
      cnf: request.confirmation,
      impersonated: request.impersonated === true ? true : undefined,
      oat: request.origin?.issuedAt,
      hop: laterDepth(request),
      acr: request.acr ?? undefined,
      amr: orLeftOut(request.amr),
      auth_time: request.authTime ?? undefined,
      pv: request.policyVersion,
      ep: request.epoch,
      cnd: request.conditionalCount === 0 ? undefined : request.conditionalCount,
      authorization_details: orLeftOut(request.details),
    });
    const permissions = request.permissions.length === 0 ? '' : `,"permissions":${this.textOf(request.permissions)}`;
    return `${claims.slice(0, -1)}${ownClaims(frame)}${permissions}}`;
  }

  private textOf(permissions: readonly string[]): string {
    const known = this.permissionTexts.get(permissions);
    if (known !== undefined) return known;

    const text = JSON.stringify(permissions);
    if (Object.isFrozen(permissions)) this.permissionTexts.set(permissions, text);
    return text;
  }
}

/** SECURITY: whole numbers, and texts that this engine made itself of base64url, a UUID or `u_`: nothing in them to escape. */
function ownClaims({ subject, tokenId, issuedAt, expiresAt, reference }: TokenFrame): string {
  const times = `"iat":${String(issuedAt)},"exp":${String(expiresAt)}`;
  return `,"sub":"${subject}","jti":"${tokenId}",${times},"sref":"${reference}"`;
}

function actOf({ actor }: TokenFrame, { act }: MintRequest): object | undefined {
  return act ?? (actor === null ? undefined : { sub: actor });
}

/** Of a first token it goes without saying. */
function laterDepth({ origin }: MintRequest): number | undefined {
  return origin?.depth === 1 ? undefined : origin?.depth;
}

function orLeftOut<Value extends string | readonly unknown[]>(value: Value): Value | undefined {
  return value.length === 0 ? undefined : value;
}
