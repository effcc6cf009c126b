import type { OperatorToken, PresentedKeys } from '#managers/authorization/contract.js';

/** The token of `Bearer …` (RFC 6750 §2.1) or `DPoP …` (RFC 9449 §7.1); `undefined` for anything else. */
export function operatorToken(
  authorization: string | undefined,
  presented: PresentedKeys | undefined,
): OperatorToken | undefined {
  const [, scheme = '', token] = /^(Bearer|DPoP) ([\w.~+/=-]+)$/i.exec(authorization ?? '') ?? [];
  if (token === undefined) return undefined;
  return { token, scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', presented };
}
