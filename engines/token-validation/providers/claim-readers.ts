import type { ClaimSelector } from '#accessors/issuer/contract.js';
import type { Claims, Fault, ProviderCheck, TokenOfIssuer } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';

/** The claim if it is a string that says something. */
export function textClaim(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** What the selector leads to; `undefined` where there is nothing. Names are compared exactly; nothing is split or guessed. */
export function selected(claims: Claims, selector: ClaimSelector): unknown {
  if (typeof selector === 'string') return Object.hasOwn(claims, selector) ? claims[selector] : undefined;
  let value: unknown = claims;
  for (const name of selector) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

export function selectedText(claims: Claims, selector: ClaimSelector): string | undefined {
  const value = selected(claims, selector);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A selector as an operator writes it. */
export function selectorText(selector: ClaimSelector): string {
  return typeof selector === 'string' ? selector : selector.join(' > ');
}

/** The strings of an array claim; none if it is absent or not such an array. */
export function textsClaim(claims: Claims, selector: ClaimSelector): readonly string[] {
  const value = selected(claims, selector);
  return isTexts(value) ? value : [];
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

export function invalidClaim(claims: Claims, selector: ClaimSelector, expected: string): Fault {
  const name = selectorText(selector);
  return {
    code: 'TOKEN_CLAIM_INVALID',
    actual: `${name} is ${quoted(selected(claims, selector))}`,
    expected: `${name} as ${expected}`,
  };
}

/** Claims that map to roles are arrays of strings, or absent: anything else would silently mean fewer or other roles. */
export function createMappedClaimsCheck(
  name: string,
  selectorsOf: (token: TokenOfIssuer) => readonly ClaimSelector[],
): ProviderCheck {
  return {
    name,
    run(token) {
      const { claims } = token;
      const wrong = selectorsOf(token).find((selector) => {
        const value = selected(claims, selector);
        return value !== undefined && !isTexts(value);
      });
      return wrong === undefined ? undefined : invalidClaim(claims, wrong, 'an array of strings');
    },
  };
}
