import { MAX_TOKEN_LENGTH, type StrictJwsParser } from '../strict-jws.parser.js';
import type { Check } from './check.js';

/** The text is a compact JWS that has one meaning only. */
export function createShapeCheck(parser: StrictJwsParser): Check {
  return {
    name: 'shape',
    needs: [],
    run(state) {
      const parsed = parser.parse(state.request.token);
      if (parsed.ok) {
        state.foundToken = parsed.jws;
        return undefined;
      }
      const expected =
        parsed.fault.code === 'TOKEN_TOO_LARGE'
          ? `at most ${MAX_TOKEN_LENGTH.toString()} characters`
          : 'three parts of canonical base64url with strict JSON objects inside';
      return { ...parsed.fault, expected };
    },
  };
}
