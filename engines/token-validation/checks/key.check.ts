import type { IssuerAccess, KeyLookup, VerificationKey } from '#accessors/issuer/contract.js';
import type { Fault } from '../identity-provider.contract.js';
import { quoted } from '../quoted.js';
import type { ValidationState } from '../validation-state.js';
import type { Check } from './check.js';

/** The issuer publishes the key, and the key is for the algorithm of the header. */
export function createKeyCheck(issuerAccess: IssuerAccess): Check {
  return {
    name: 'key',
    needs: ['token', 'issuer'],
    async run(state) {
      const { keyId } = state.token.header;
      // Said by the key-id check; there is nothing to look for.
      if (keyId === null || keyId === '') return undefined;
      return judge(state, keyId, await issuerAccess.verificationKey(state.context, state.issuer, state.iss, keyId));
    },
  };
}

function judge(state: ValidationState, keyId: string, lookup: KeyLookup): Fault | undefined {
  if (lookup.status === 'found') return judgeKey(state, lookup.key);
  const expected = `a key of issuer ${quoted(state.issuer.name)}`;
  if (lookup.status === 'unknown') return { code: 'TOKEN_KEY_UNKNOWN', actual: `kid is ${quoted(keyId)}`, expected };
  const { retryAfterSeconds } = lookup;
  return { code: 'ISSUER_KEYS_UNAVAILABLE', actual: 'no key set of the issuer', expected, retryAfterSeconds };
}

function judgeKey(state: ValidationState, key: VerificationKey): Fault | undefined {
  state.foundKey = key;
  const { header } = state.token;
  if (key.algorithm === header.algorithm) return undefined;
  return {
    code: 'TOKEN_ALGORITHM_NOT_ALLOWED',
    actual: `alg is ${quoted(header.members['alg'])}`,
    expected: `${key.algorithm}, the algorithm of the key`,
  };
}
