import type { Principal } from './contract.js';
import type { Claims } from './identity-provider.contract.js';

const NOBODY: Principal['actors'] = Object.freeze([]);

/** Of claims whose form was judged. */
export function actorsOf(claims: Claims): Principal['actors'] {
  if (!Object.hasOwn(claims, 'act')) return NOBODY;
  const found: { readonly sub: string; readonly iss: string | null }[] = [];
  for (let at = membersOf(claims['act']); at !== null; at = membersOf(at['act'])) {
    found.push({ sub: textOf(at['sub']) ?? '', iss: textOf(at['iss']) });
  }
  return found;
}

/** Of claims whose form was judged. */
export function mayActOf(claims: Claims): Principal['mayAct'] {
  const named = Object.hasOwn(claims, 'may_act') ? membersOf(claims['may_act']) : null;
  return named && { iss: textOf(named['iss']), sub: textOf(named['sub']), clientId: textOf(named['client_id']) };
}

/** Of claims whose key was shown: one name and one text. */
export function confirmationOf(claims: Claims): Principal['confirmation'] {
  return Object.hasOwn(claims, 'cnf') ? (claims['cnf'] as Readonly<Record<string, string>>) : null;
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
