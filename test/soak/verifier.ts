import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { PublishedKey } from '#accessors/key/contract.js';

/** How one kind of verifier out there treats our JWKS. All times in seconds. */
export interface VerifierClass {
  readonly name: string;
  /** How long it keeps what it fetched without asking again; 0: it asks for each token. */
  readonly cacheSeconds: number;
  /** Asks again for a `kid` that it does not know, at most this often; `null`: never. */
  readonly refetchSeconds: number | null;
  /** How long after `exp` it still accepts a token. */
  readonly leewaySeconds: number;
}

export interface VerifierDeps {
  readonly kind: VerifierClass;
  /** Seconds, on the clock of the verifier. */
  readonly now: () => number;
  /** The key set as the network hands it out at this moment. */
  readonly fetch: () => Promise<readonly PublishedKey[]>;
}

export type Verdict = 'accepted' | 'key-unknown' | 'signature-invalid' | 'expired';

/** A verifier of our tokens as downstream services run them: a key set in memory, a signature, an end. */
export class SimulatedVerifier {
  private keys = new Map<string, KeyObject>();
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private seen: readonly PublishedKey[] = [];

  constructor(private readonly deps: VerifierDeps) {}

  async verify(token: string): Promise<Verdict> {
    const { kind, now } = this.deps;
    if (now() - this.fetchedAt >= kind.cacheSeconds) await this.fetch();
    const [header = '', payload = '', signature = ''] = token.split('.');
    const key = await this.keyFor(String(memberOf(header, 'kid')));
    if (key === undefined) return 'key-unknown';
    if (!signatureFits(key, `${header}.${payload}`, Buffer.from(signature, 'base64url'))) return 'signature-invalid';
    return now() < Number(memberOf(payload, 'exp')) + kind.leewaySeconds ? 'accepted' : 'expired';
  }

  private async keyFor(kid: string): Promise<KeyObject | undefined> {
    const { refetchSeconds } = this.deps.kind;
    const mayAsk = refetchSeconds !== null && this.deps.now() - this.fetchedAt >= refetchSeconds;
    if (!this.keys.has(kid) && mayAsk) await this.fetch();
    return this.keys.get(kid);
  }

  /** Asks now, whatever it has. */
  async fetch(): Promise<void> {
    const published = await this.deps.fetch();
    this.fetchedAt = this.deps.now();
    // The same array is answered until a key changes.
    if (published === this.seen) return;
    this.seen = published;
    this.keys = new Map(published.map(({ kid, jwk }) => [kid, this.keys.get(kid) ?? keyOf(jwk)]));
  }
}

function keyOf(jwk: PublishedKey['jwk']): KeyObject {
  return createPublicKey({ key: { ...jwk }, format: 'jwk' });
}

function memberOf(segment: string, name: string): unknown {
  const value: unknown = JSON.parse(Buffer.from(segment, 'base64url').toString('utf8'));
  return typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === name)?.[1] : undefined;
}

function signatureFits(key: KeyObject, input: string, signature: Buffer): boolean {
  return verify('sha256', Buffer.from(input, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, signature);
}
