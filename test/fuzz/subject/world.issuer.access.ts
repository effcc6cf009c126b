import { createPublicKey } from 'node:crypto';
import type { IssuerAccess, KeyLookup, TrustedIssuer, VerificationKey } from '#accessors/issuer/contract.js';
import { ENTRA_DEFAULTS, OIDC_DEFAULTS } from '#accessors/issuer/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import { CodedError } from '#utilities/errors/coded-error.js';
import type { World, WorldIssuer, WorldKey } from '../oracle/world.js';

interface Owned {
  readonly issuer: TrustedIssuer;
  readonly keys: ReadonlyMap<string, KeyLookup>;
}

const UNKNOWN: KeyLookup = { status: 'unknown' };

/**
 * The issuers of a world for the engine. It is careless in one way: an OIDC issuer is also found in capitals and with a slash
 * too many, so that it shows whether the engine compares `iss` itself where identities are made of it.
 */
export class WorldIssuerAccess implements IssuerAccess {
  private readonly owned = new Map<string, Owned>();
  private readonly careless = new Map<string, Owned>();
  private readonly all: TrustedIssuer[] = [];

  constructor(world: World) {
    for (const issuer of world.issuers) this.add(issuer);
  }

  async trustedIssuer(_context: CallContext, iss: string): Promise<TrustedIssuer | undefined> {
    return this.find(iss)?.issuer;
  }

  async verificationKey(_context: CallContext, _issuer: TrustedIssuer, iss: string, kid: string): Promise<KeyLookup> {
    return this.find(iss)?.keys.get(kid) ?? UNKNOWN;
  }

  /** For a check that is taken away: what a program without it would go on with. */
  anyIssuer(): { readonly issuer: TrustedIssuer; readonly iss: string } {
    const [first] = this.owned;
    if (first === undefined) throw new Error('The world has no issuer.');
    return { issuer: first[1].issuer, iss: first[0] };
  }

  anyKey(iss: string): VerificationKey | null {
    const lookup = this.find(iss)?.keys.values().next().value;
    return lookup?.status === 'found' ? lookup.key : null;
  }

  issuersInMemory(): readonly TrustedIssuer[] {
    return this.all;
  }

  issuersHoldingKey(kid: string): readonly string[] {
    return [...new Set([...this.owned.values()].filter(({ keys }) => keys.has(kid)).map(({ issuer }) => issuer.name))];
  }

  async registerIssuer(): Promise<'unchanged'> {
    throw new CodedError('IMPORT_INVALID', { internal: 'not part of this stub' });
  }

  private find(iss: string): Owned | undefined {
    return this.owned.get(iss) ?? this.careless.get(plain(iss));
  }

  private add(issuer: WorldIssuer): void {
    const trusted = trustedIssuer(issuer);
    this.all.push(trusted);
    for (const { iss, keys } of issuer.owns) {
      const owned: Owned = {
        issuer: trusted,
        keys: new Map(keys.map((key) => [key.kid, { status: 'found', key: verificationKey(key) }])),
      };
      this.owned.set(iss, owned);
      if (issuer.provider === 'oidc') this.careless.set(plain(iss), owned);
    }
  }
}

function plain(iss: string): string {
  return iss.toLowerCase().replace(/\/$/, '');
}

function verificationKey({ kid, algorithm, publicJwk, keyIssuer, cloudInstanceName }: WorldKey): VerificationKey {
  return { kid, algorithm, keyIssuer, cloudInstanceName, key: createPublicKey({ key: publicJwk, format: 'jwk' }) };
}

function trustedIssuer(issuer: WorldIssuer): TrustedIssuer {
  return issuer.provider === 'oidc' ? { ...OIDC_DEFAULTS, ...issuer } : { ...ENTRA_DEFAULTS, ...issuer };
}
