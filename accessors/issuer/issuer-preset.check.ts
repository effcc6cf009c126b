import { isDeepStrictEqual } from 'node:util';
import type { ClaimSelector, OidcIssuer } from './contract.js';
import type { IssuerPreset } from './issuer-preset.contract.js';

/** What of an issuer does not go with the preset that it names. */
export function presetFaults(issuer: OidcIssuer, presets: readonly IssuerPreset[]): string[] {
  if (issuer.preset === null) return [];
  const preset = presets.find(({ name }) => name === issuer.preset);
  if (preset === undefined)
    return [`preset: there is none of that name; there are ${presets.map(({ name }) => name).join(', ')}`];
  const faults = preset.issuer === null || preset.issuer === issuer.issuer ? [] : [`issuer: the preset is for ${preset.issuer}`];
  const lost = preset.conditions.filter((condition) => !issuer.conditions.some((each) => isDeepStrictEqual(each, condition)));
  if (lost.length > 0) faults.push('conditions: those of the preset cannot be left out');
  return [...faults, ...sharedFaults(issuer, preset)];
}

/** SECURITY: of an issuer that strangers share, only a claim that nobody can take over tells whose token it is. */
function sharedFaults(issuer: OidcIssuer, { sharedUnless }: IssuerPreset): string[] {
  if (sharedUnless.length === 0) return [];
  const tells = (claim: ClaimSelector): boolean => sharedUnless.some((each) => isDeepStrictEqual(each, claim));
  if (issuer.conditions.some(({ claim }) => tells(claim))) return [];
  if (issuer.tenantRules.every(({ when }) => when !== null && tells(when.claim))) return [];
  const names = sharedUnless.map((selector) => [selector].flat().join('/'));
  return [`tenants: many organisations share this issuer; every tenant needs a condition (when) on ${names.join(' or ')}`];
}
