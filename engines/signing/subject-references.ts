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
    const text = JSON.stringify([
      FORM,
      [identity.instance, identity.externalId, issuer, iss],
      roles,
      groups,
      conditionalBits,
    ] satisfies Written);
    return this.deps.keyAccess.seal(context, PURPOSE, { text, bound: tokenId });
  }

  read(context: CallContext, sealed: string, tokenId: string): SubjectReference | null {
    const text = this.deps.keyAccess.unseal(context, PURPOSE, { sealed, bound: tokenId });
    return text === undefined ? null : referenceIn(text);
  }
}

type Written = readonly [
  form: typeof FORM,
  names: readonly [instance: string, externalId: string, issuer: string, iss: string],
  roles: readonly string[],
  groups: readonly string[] | null,
  conditionalBits: readonly number[],
];

/** `null` for what another version of this service wrote otherwise. */
function referenceIn(text: string): SubjectReference | null {
  const value: unknown = JSON.parse(text);
  if (!isWritten(value)) return null;
  const [, [instance, externalId, issuer, iss], roles, groups, conditionalBits] = value;
  return { identity: { instance, externalId }, issuer, iss, roles, groups, conditionalBits };
}

function isWritten(value: unknown): value is Written {
  if (!Array.isArray(value) || value[0] !== FORM) return false;
  const [, names, roles, groups, conditionalBits] = value as readonly unknown[];
  if (!isTextList(names) || names.length !== 4 || !isTextList(roles)) return false;
  return (groups === null || isTextList(groups)) && isBitList(conditionalBits);
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isBitList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}
