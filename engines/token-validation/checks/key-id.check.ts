import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** The header says which key signed. Keys are never tried one after the other. */
export const keyIdCheck: Check = {
  name: 'key-id',
  needs: ['token'],
  run(state) {
    const { keyId, members } = state.token.header;
    if (keyId !== null && keyId !== '') return undefined;
    return { code: 'TOKEN_KEY_ID_MISSING', actual: `kid is ${quoted(members['kid'])}`, expected: 'kid as a string' };
  },
};
