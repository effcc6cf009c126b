import type { Claims } from '#engines/token-validation/identity-provider.contract.js';
import { normalisedType, type StrictJws } from '#engines/token-validation/strict-jws.parser.js';

/** A rule of the parser, known by what its refusal says. */
export const LENIENT_RULES: readonly { readonly name: string; readonly refusal: RegExp }[] = [
  { name: 'token-size', refusal: /^TOKEN_TOO_LARGE/ },
  { name: 'parts', refusal: /\bparts?$/ },
  { name: 'canonical-base64url', refusal: /not canonical base64url/ },
  { name: 'header-size', refusal: /header is refused: \d+ bytes/ },
  { name: 'utf-8', refusal: /not UTF-8/ },
  { name: 'depth', refusal: /nested deeper/ },
  { name: 'member-count', refusal: /more than 200 members/ },
  { name: 'member-twice', refusal: /a member name appears twice/ },
  { name: 'member-names', refusal: /a member is named/ },
  { name: 'numbers', refusal: /a number is out of range/ },
  { name: 'unicode', refusal: /a string is not Unicode text/ },
];

function object(part: string): Claims | undefined {
  const text = new TextDecoder().decode(Buffer.from(part, 'base64url'));
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

/** A token as lenient libraries read it: whatever decodes and parses; `null` for anything else. */
export function lenientToken(token: string): StrictJws | null {
  const [first = '', second = '', third = ''] = token.split('.');
  try {
    const members = object(first);
    const claims = object(second);
    if (members === undefined || claims === undefined) return null;
    const { alg, kid, typ } = members;
    return {
      header: {
        members,
        algorithm: typeof alg === 'string' ? alg : null,
        keyId: typeof kid === 'string' ? kid : null,
        type: typeof typ === 'string' ? normalisedType(typ) : null,
        forbidden: null,
      },
      claims,
      signingInput: `${first}.${second}`,
      signature: Buffer.from(third, 'base64url'),
    };
  } catch {
    return null;
  }
}
