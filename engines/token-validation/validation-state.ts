import type { TrustedIssuer, VerificationKey } from '#accessors/issuer/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { Principal, ValidationRequest } from './contract.js';
import type { IdentityProvider, TokenOfIssuer } from './identity-provider.contract.js';
import type { StrictJws } from './strict-jws.parser.js';

/** The claims that every token has, once their types are known. */
export interface RequiredClaims {
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Unix seconds, like the two below. */
  readonly expiresAt: number;
  readonly issuedAt: number;
  readonly notBefore: number | null;
}

/** What a check builds on: it runs only when all of it is there. */
export type Need = 'token' | 'issuer' | 'key' | 'required';

/**
 * What the checks of one token have found so far. Reading something that is not there yet is a fault of the program and
 * throws, so that a check which runs too early can never pass.
 */
export class ValidationState {
  foundToken: StrictJws | null = null;
  foundIssuer: { readonly issuer: TrustedIssuer; readonly provider: IdentityProvider; readonly iss: string } | null = null;
  foundKey: VerificationKey | null = null;
  foundRequired: RequiredClaims | null = null;
  signatureProven = false;
  presenterCase: Principal['case'] | null = null;
  presenterId: Principal['presenterId'] = null;
  private foundOfIssuer: TokenOfIssuer | null = null;

  constructor(
    readonly context: CallContext,
    readonly request: ValidationRequest,
    /** Wall-clock milliseconds at which the token is judged. */
    readonly now: number,
  ) {}

  has(need: Need): boolean {
    switch (need) {
      case 'token':
        return this.foundToken !== null;
      case 'issuer':
        return this.foundIssuer !== null;
      case 'key':
        return this.foundKey !== null;
      case 'required':
        return this.foundRequired !== null;
    }
  }

  get token(): StrictJws {
    return this.foundToken ?? missing('token');
  }

  get issuer(): TrustedIssuer {
    return (this.foundIssuer ?? missing('issuer')).issuer;
  }

  get provider(): IdentityProvider {
    return (this.foundIssuer ?? missing('issuer')).provider;
  }

  /** The exact `iss` that the trusted issuer owns. */
  get iss(): string {
    return (this.foundIssuer ?? missing('issuer')).iss;
  }

  get key(): VerificationKey {
    return this.foundKey ?? missing('key');
  }

  /** What the rules of a provider are given, made once: they run when everything in it is settled. */
  get ofIssuer(): TokenOfIssuer {
    this.foundOfIssuer ??= {
      header: this.token.header.members,
      claims: this.token.claims,
      issuer: this.issuer,
      key: this.foundKey,
    };
    return this.foundOfIssuer;
  }

  get required(): RequiredClaims {
    return this.foundRequired ?? missing('required');
  }
}

function missing(need: Need): never {
  throw new Error(`A check ran before the ${need} was there.`);
}
