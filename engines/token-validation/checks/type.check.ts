import { quoted } from '../quoted.js';
import { normalisedType } from '../strict-jws.parser.js';
import type { Check } from './check.js';

/** `typ` is one by which the issuer marks access tokens (RFC 8725 §3.11, RFC 9068 §4). */
export const typeCheck: Check = {
  name: 'type',
  needs: ['token', 'issuer'],
  run(state) {
    const { header } = state.token;
    const accepted = state.provider.acceptedTypes(state.issuer);
    if (!Object.hasOwn(header.members, 'typ') && accepted.includes(null)) return undefined;
    if (accepted.some((type) => type !== null && normalisedType(type) === header.type)) return undefined;
    return {
      code: 'TOKEN_TYPE_MISMATCH',
      actual: `typ is ${quoted(header.members['typ'])}`,
      expected: `one of ${accepted.map((type) => type ?? 'no typ').join(', ')}`,
    };
  },
};
