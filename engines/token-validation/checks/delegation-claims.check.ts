import type { Claims } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** More than any chain that is taken on from here. */
const MOST_ACTORS = 4;
const LONGEST = 1024;
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/u;

/**
 * Who acts, and who may, is there in a form that can be read, or not at all (RFC 8693 §4.1, §4.4). What cannot be read cannot be
 * passed on, and what is not passed on would make the token more than it was.
 */
export const delegationClaimsCheck: Check = {
  name: 'delegation-claims',
  needs: ['token'],
  run(state) {
    const { claims } = state.token;
    if (Object.hasOwn(claims, 'act') && !isActor(claims['act'], MOST_ACTORS)) return wrong(claims, 'act');
    if (Object.hasOwn(claims, 'may_act') && !isCandidate(claims['may_act'])) return wrong(claims, 'may_act');
    return undefined;
  },
};

function wrong(claims: Claims, name: string) {
  const expected = `${name} as an object that names somebody`;
  return { code: 'TOKEN_CLAIM_INVALID', actual: `${name} is ${quoted(claims[name])}`, expected } as const;
}

function isActor(value: unknown, left: number): boolean {
  if (left === 0 || !isObject(value) || !isName(value['sub']) || !isOptionalName(value['iss'])) return false;
  return !Object.hasOwn(value, 'act') || isActor(value['act'], left - 1);
}

function isCandidate(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { sub, client_id: clientId, iss } = value;
  if (sub === undefined && clientId === undefined) return false;
  return isOptionalName(sub) && isOptionalName(clientId) && isOptionalName(iss);
}

function isOptionalName(value: unknown): boolean {
  return value === undefined || isName(value);
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== '' && value.length <= LONGEST && !CONTROL.test(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
