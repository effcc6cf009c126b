import type { IssuerAccess, VerificationKey } from '#accessors/issuer/contract.js';
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
      const lookup = await issuerAccess.verificationKey(state.context, state.issuer, state.iss, keyId);
      if (lookup.status === 'found') return judgeKey(state, lookup.key);
      if (lookup.status === 'unknown') return unknownKey(state, keyId, issuerAccess.issuersHoldingKey(keyId));
      return unavailable(state, lookup.retryAfterSeconds);
    },
  };
}

function unknownKey(state: ValidationState, keyId: string, holders: readonly string[]): Fault {
  const fault: Fault = {
    code: 'TOKEN_KEY_UNKNOWN',
    actual: `kid is ${quoted(keyId)}`,
    expected: `a key of issuer ${quoted(state.issuer.name)}`,
  };
  const others = holders.filter((name) => name !== state.issuer.name);
  if (others.length === 0) return fault;
  return {
    ...fault,
    actual: `${fault.actual}, a key of ${quoted(others)}`,
    remedy:
      'The token was signed by another authority that is registered here (a policy, External ID or another cloud). Correct the authority of the client, or the iss that the issuer is registered with.',
  };
}

function unavailable(state: ValidationState, retryAfterSeconds: number): Fault {
  return {
    code: 'ISSUER_KEYS_UNAVAILABLE',
    actual: 'no key set of the issuer',
    expected: `a key of issuer ${quoted(state.issuer.name)}`,
    retryAfterSeconds,
  };
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
