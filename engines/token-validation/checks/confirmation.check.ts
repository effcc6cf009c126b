import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** A kind of confirmation that nobody here can compare never passes. */
const KEY_NAMES: ReadonlySet<string> = new Set(['jkt', 'x5t#S256']);

/** A token that is bound to a key is not a bearer token: it counts with that very key alone, and its binding is never dropped (RFC 7800 §3.1). */
export const confirmationCheck: Check = {
  name: 'confirmation',
  needs: ['token'],
  run(state) {
    const { claims } = state.token;
    if (!Object.hasOwn(claims, 'cnf') || isShown(claims['cnf'], state.request.shown ?? [])) return undefined;
    return {
      code: 'TOKEN_SENDER_CONSTRAINED',
      actual: `cnf is ${quoted(claims['cnf'])}`,
      expected: 'no cnf, or a key that was shown',
    };
  },
};

function isShown(cnf: unknown, shown: readonly Readonly<Record<string, string>>[]): boolean {
  if (typeof cnf !== 'object' || cnf === null || Array.isArray(cnf)) return false;
  const [[name, value] = ['', undefined], second] = Object.entries(cnf);
  if (second !== undefined || !KEY_NAMES.has(name) || typeof value !== 'string') return false;
  return shown.some((key) => Object.hasOwn(key, name) && key[name] === value);
}
