import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { SubjectReference } from './contract.js';

const PURPOSE = 'subject-reference';
const FORM = 1;

/**
 * Who a token is about, as nobody but this service can read it.
 *
 * INVARIANT: it is bound to the id of its token, so that none can be moved into another one.
 */
export class SubjectReferences {
  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  seal(context: CallContext, reference: SubjectReference, tokenId: string): string {
    const { identity, issuer, iss, roles, groups, conditionalBits } = reference;
    const text = JSON.stringify([FORM, identity.instance, identity.externalId, issuer, iss, roles, groups, conditionalBits]);
    return this.deps.keyAccess.seal(context, PURPOSE, { text, bound: tokenId });
  }

  read(context: CallContext, sealed: string, tokenId: string): SubjectReference | null {
    const text = this.deps.keyAccess.unseal(context, PURPOSE, { sealed, bound: tokenId });
    return text === undefined ? null : referenceIn(text);
  }
}

/** `null` for what another version of this service wrote otherwise. */
function referenceIn(text: string): SubjectReference | null {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return null;
  const [form, instance, externalId, issuer, iss, roles, groups, conditionalBits] = value as readonly unknown[];
  if (form !== FORM || typeof instance !== 'string' || typeof externalId !== 'string') return null;
  if (typeof issuer !== 'string' || typeof iss !== 'string' || !isBitList(conditionalBits)) return null;
  if (!isTextList(roles) || !(groups === null || isTextList(groups))) return null;
  return { identity: { instance, externalId }, issuer, iss, roles, groups, conditionalBits };
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isBitList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}
