import type { Claims, Fault, ProviderCheck } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';

/** The claim if it is a string that says something. */
export function textClaim(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The strings of an array claim; none if it is absent or not such an array. */
export function textsClaim(claims: Claims, name: string): readonly string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return isTexts(value) ? value : [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

export function invalidClaim(claims: Claims, name: string, expected: string): Fault {
  return { code: 'TOKEN_CLAIM_INVALID', actual: `${name} is ${quoted(claims[name])}`, expected: `${name} as ${expected}` };
}

/** Claims that map to roles are arrays of strings, or absent: anything else would silently mean fewer or other roles. */
export function createMappedClaimsCheck(
  name: string,
  namesOf: (token: Parameters<ProviderCheck['run']>[0]) => readonly string[],
): ProviderCheck {
  return {
    name,
    run(token) {
      const { claims } = token;
      const wrong = namesOf(token).find((claim) => Object.hasOwn(claims, claim) && !isTexts(claims[claim]));
      return wrong === undefined ? undefined : invalidClaim(claims, wrong, 'an array of strings');
    },
  };
}
