import { createPublicKey, generateKeyPairSync, type JsonWebKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Clock } from '#utilities/clock/contract.js';

/** Who makes the tokens that the stand-in takes beside its own: the base address for the challenge and the published keys. */
export interface TokenAuthority {
  /** What the challenge names: `{login base}/{directory id}`. */
  readonly url: string;
  /** RSA keys with `kid`, as published. Asked for at each unknown `kid`. */
  readonly keys: () => Promise<readonly JsonWebKey[]>;
  readonly directoryId: string;
}

export interface OwnToken {
  /** Default: the resource of the vault. */
  readonly audience?: string;
  /** Default 3,600; negative: expired. */
  readonly lifetimeSeconds?: number;
  /** Default: the directory of the vault. */
  readonly directoryId?: string;
}

export type TokenVerdict = { readonly caller: string } | { readonly refusal: string };

interface VaultTokensDeps {
  readonly clock: Clock;
  readonly directoryId: string;
  /** Whom its own tokens are for. */
  readonly clientId: string;
  readonly resource: () => string;
  readonly authority: TokenAuthority | null;
}

// The application id of the service: some tokens carry it as their audience.
const SERVICE_ID = 'cfa8b339-82a2-471a-a3c9-0fc0be7a4093';
const OWN_KID = 'own';

/** The credentials that the stand-in accepts, checked as the service does: signature, time, audience, directory. */
export class VaultTokens {
  private readonly own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  private readonly foreign = new Map<string, KeyObject>();

  constructor(private readonly deps: VaultTokensDeps) {}

  issue({ audience = this.deps.resource(), lifetimeSeconds = 3_600, directoryId = this.deps.directoryId }: OwnToken): string {
    const now = Math.floor(this.deps.clock.now() / 1000);
    const claims = {
      aud: audience,
      iss: `https://sts.windows.net/${directoryId}/`,
      tid: directoryId,
      appid: this.deps.clientId,
      oid: 'b1c2d3e4-f506-4718-8293-a4b5c6d7e8f9',
      iat: now,
      nbf: now,
      exp: now + lifetimeSeconds,
    };
    const input = `${encode({ typ: 'JWT', alg: 'ES256', kid: OWN_KID })}.${encode(claims)}`;
    const key = { key: this.own.privateKey, dsaEncoding: 'ieee-p1363' as const };
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  }

  async judge(authorization: string | undefined): Promise<TokenVerdict> {
    const token = /^Bearer (.+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined) return { refusal: 'AKV10000: Request is missing a Bearer or PoP token.' };
    const claims = await this.openToken(token);
    if (claims === null) return { refusal: 'AKV10046: Unable to resolve the key used for signature validation.' };
    return this.judgeClaims(claims);
  }

  private judgeClaims(claims: Readonly<Record<string, unknown>>): TokenVerdict {
    const now = Math.floor(this.deps.clock.now() / 1000);
    if (typeof claims['exp'] !== 'number' || claims['exp'] <= now) {
      return { refusal: 'AKV10049: Error validating token: the token is expired.' };
    }
    const audience = text(claims['aud']);
    if (![this.deps.resource(), `${this.deps.resource()}/`, SERVICE_ID].includes(audience)) {
      return { refusal: `AKV10022: Invalid audience. Expected ${this.deps.resource()}, found: ${audience}.` };
    }
    const { directoryId } = this.deps.authority ?? this.deps;
    if (claims['tid'] !== directoryId) {
      const expected = `https://sts.windows.net/${directoryId}/`;
      return { refusal: `AKV10032: Invalid issuer. Expected one of ${expected}, found ${text(claims['iss'])}.` };
    }
    const application = text(claims['appid'] ?? claims['azp']);
    return { caller: `appid=${application};oid=${text(claims['oid'])};iss=${text(claims['iss'])}` };
  }

  /** The claims where the signature is right; `null` otherwise. */
  private async openToken(token: string): Promise<Readonly<Record<string, unknown>> | null> {
    const [header = '', payload = '', signature = ''] = token.split('.');
    const parsed = decode(header);
    const kid = text(parsed?.['kid']);
    const input = Buffer.from(`${header}.${payload}`);
    const bytes = Buffer.from(signature, 'base64url');
    const isRight =
      kid === OWN_KID
        ? verify('sha256', input, { key: this.own.publicKey, dsaEncoding: 'ieee-p1363' }, bytes)
        : await this.isForeign({ kid, input, bytes });
    return isRight ? decode(payload) : null;
  }

  private async isForeign(signed: { kid: string; input: Buffer; bytes: Buffer }): Promise<boolean> {
    const { authority } = this.deps;
    if (authority === null) return false;
    if (!this.foreign.has(signed.kid)) {
      for (const jwk of await authority.keys()) {
        this.foreign.set(text(jwk['kid']), createPublicKey({ key: jwk, format: 'jwk' }));
      }
    }
    const key = this.foreign.get(signed.kid);
    return key !== undefined && verify('sha256', signed.input, key, signed.bytes);
  }
}

function encode(part: Readonly<Record<string, unknown>>): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}

function decode(part: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : null;
  } catch {
    return null;
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
