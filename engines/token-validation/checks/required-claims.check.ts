import type { Claims, Fault } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** Far beyond any token's life and far below what a number holds exactly. */
const LATEST = 2 ** 33;
const MAX_IDENTIFIER_LENGTH = 1024;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;
const OPTIONAL_TEXT = ['azp', 'client_id', 'tid', 'jti'] as const;

/** The claims that every rule builds on are there and of their types (RFC 7519 §4.1). */
export const requiredClaimsCheck: Check = {
  name: 'required-claims',
  needs: ['token'],
  run(state) {
    const { claims } = state.token;
    const subject = claims['sub'];
    const audiences = audiencesOf(claims['aud']);
    const { exp, iat, nbf } = { exp: claims['exp'], iat: claims['iat'], nbf: claims['nbf'] };
    if (!isIdentifier(claims['iss'])) return wrong(claims, 'iss', 'a string');
    if (!isIdentifier(subject)) return wrong(claims, 'sub', 'a string without control characters');
    if (audiences === undefined) return wrong(claims, 'aud', 'a string, or strings in an array');
    if (!isNumericDate(exp)) return wrong(claims, 'exp', 'whole seconds since 1970');
    if (!isNumericDate(iat)) return wrong(claims, 'iat', 'whole seconds since 1970');
    if (nbf !== undefined && !isNumericDate(nbf)) return wrong(claims, 'nbf', 'whole seconds since 1970');
    const text = OPTIONAL_TEXT.find((name) => claims[name] !== undefined && typeof claims[name] !== 'string');
    if (text !== undefined) return wrong(claims, text, 'a string');
    state.foundRequired = { subject, audiences, expiresAt: exp, issuedAt: iat, notBefore: nbf ?? null };
    return undefined;
  },
};

function wrong(claims: Claims, name: string, expected: string): Fault {
  return { code: 'TOKEN_CLAIM_INVALID', actual: `${name} is ${quoted(claims[name])}`, expected: `${name} as ${expected}` };
}

/** Control characters have no place in an identifier, and a database cannot hold all of them. */
function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= MAX_IDENTIFIER_LENGTH && !CONTROL.test(value);
}

function isNumericDate(value: unknown): value is number {
  return Number.isInteger(value) && typeof value === 'number' && value >= 0 && value <= LATEST;
}

function audiencesOf(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value) || value.length === 0) return undefined;
  return value.every((item): item is string => typeof item === 'string') ? value : undefined;
}
