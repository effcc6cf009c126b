/**
 * The plug-in point for what is known about well-known issuers: data, no code. A registration that names a preset gets what it
 * does not say itself from there, then from the defaults. Hides where such knowledge comes from; called when issuers are registered.
 */
import type { ClaimCondition, ClaimSelector, OidcIssuer } from './contract.js';

/** What a preset may say: everything but whom, which tenants and which audiences are trusted. */
type PresetMember =
  | 'acceptedTypes'
  | 'algorithms'
  | 'allowMissingType'
  | 'claims'
  | 'identityClaims'
  | 'presenterClaims'
  | 'kind'
  | 'markerClaims'
  | 'keySource';

export interface IssuerPreset {
  /** What the registration names; unique among all presets. */
  readonly name: string;
  /** The exact `iss` where all registrations share it; `null`: each names its own. */
  readonly issuer: string | null;
  /** What the registration gets where it does not say otherwise. */
  readonly defaults: Pick<OidcIssuer, PresetMember>;
  /** Always added to the conditions of the registration; it can add to them and never take one away. */
  readonly conditions: readonly ClaimCondition[];
  /**
   * Where organisations that do not know each other share the issuer: the claims that tell them apart for good. At least one
   * condition of the registration must be on one of these, or it does not load. Empty: the issuer belongs to one organisation.
   */
  readonly sharedUnless: readonly ClaimSelector[];
  /** What goes wrong with this issuer elsewhere, one sentence each, for the operator who registers it. */
  readonly traps: readonly string[];
}

/** Names unique. */
export const ISSUER_PRESETS: unique symbol = Symbol('IssuerPresets');
