import { audienceNearMiss } from '../diagnosis/audience-near-miss.js';
import { quoted } from '../quoted.js';
import type { Check } from './check.js';

/** The token is meant for an audience of the issuer's list, compared exactly. */
export const audienceCheck: Check = {
  name: 'audience',
  needs: ['token', 'issuer', 'required'],
  run(state) {
    const accepted = state.issuer.audiences;
    const { audiences } = state.required;
    if (audiences.some((audience) => accepted.includes(audience))) return undefined;
    const remedy = audienceNearMiss(audiences, accepted);
    return {
      code: 'TOKEN_AUDIENCE_MISMATCH',
      actual: `aud is ${quoted(state.token.claims['aud'])}`,
      expected: `one of ${quoted(accepted)}`,
      ...(remedy === undefined ? {} : { remedy }),
    };
  },
};
