import { LRUCache } from 'lru-cache';
import type { KeyAccess } from '#accessors/key/contract.js';
import type { CallContext } from '#utilities/call-context/contract.js';
import type { SubjectReference } from './contract.js';

const PURPOSE = 'subject-reference';
const FORM = 1;
const MOST_KEPT = 10_000;

/** Whose token it is sealed into. */
export interface ReferenceHolder {
  /** `sub` and `aud`. */
  readonly subject: string;
  readonly audience: string;
}

interface Kept {
  readonly reference: SubjectReference;
  readonly sealed: string;
}

/**
 * Who a token is about, as nobody but this service can read it.
 *
 * INVARIANT: it is bound to `sub` and `aud`, so that none can be moved into the token of another subject or for another audience.
 *
 * SECURITY: what says the same of the same subject to the same audience is sealed once and put into each of its tokens. The audience
 * sees by it that nothing changed in what was sealed; that two tokens are of one subject `sub` tells it already. Two audiences
 * share none. Whoever can move one between tokens of one `sub` and `aud` can sign with our key, and needs to move nothing.
 */
export class SubjectReferences {
  private readonly kept = new LRUCache<string, Kept>({ max: MOST_KEPT });

  constructor(private readonly deps: { readonly keyAccess: KeyAccess }) {}

  seal(context: CallContext, reference: SubjectReference, holder: ReferenceHolder): string {
    const bound = boundTo(holder);
    const known = this.kept.get(bound);
    if (known !== undefined && isSame(known.reference, reference)) return known.sealed;

    const sealed = this.deps.keyAccess.seal(context, PURPOSE, { text: textOf(reference), bound });
    this.kept.set(bound, { reference, sealed });
    return sealed;
  }

  read(context: CallContext, sealed: string, holder: ReferenceHolder): SubjectReference | null {
    const text = this.deps.keyAccess.unseal(context, PURPOSE, { sealed, bound: boundTo(holder) });
    return text === undefined ? null : referenceIn(text);
  }
}

/** No `sub` has a space in it. */
function boundTo({ subject, audience }: ReferenceHolder): string {
  return `${subject} ${audience}`;
}

type Written = readonly [
  form: typeof FORM,
  names: readonly [instance: string, externalId: string, issuer: string, iss: string],
  roles: readonly string[],
  groups: readonly string[] | null,
  conditionalBits: readonly number[],
  mayAct?: readonly [issuer: string | null, sub: string | null, clientId: string | null],
];

function textOf({ identity, issuer, iss, roles, groups, conditionalBits, mayAct }: SubjectReference): string {
  const names = [identity.instance, identity.externalId, issuer, iss] as const;
  const written = [FORM, names, roles, groups, conditionalBits] as const satisfies Written;
  if (mayAct === undefined) return JSON.stringify(written);
  return JSON.stringify([...written, [mayAct.issuer, mayAct.sub, mayAct.clientId]] satisfies Written);
}

/** Cheaper than to write both down. */
function isSame(one: SubjectReference, other: SubjectReference): boolean {
  if (one.identity.externalId !== other.identity.externalId || one.identity.instance !== other.identity.instance) return false;
  if (one.issuer !== other.issuer || one.iss !== other.iss || !isSameList(one.roles, other.roles)) return false;
  if (!isSameList(namesIn(one.mayAct), namesIn(other.mayAct))) return false;
  return isSameList(one.groups, other.groups) && isSameList(one.conditionalBits, other.conditionalBits);
}

function namesIn(mayAct: SubjectReference['mayAct']): readonly (string | null)[] | null {
  return mayAct === undefined ? null : [mayAct.issuer, mayAct.sub, mayAct.clientId];
}

function isSameList(one: readonly unknown[] | null, other: readonly unknown[] | null): boolean {
  if (one === other) return true;
  return one !== null && other !== null && one.length === other.length && one.every((item, at) => item === other[at]);
}

/** `null` for what another version of this service wrote otherwise. */
function referenceIn(text: string): SubjectReference | null {
  const value: unknown = JSON.parse(text);
  if (!isWritten(value)) return null;
  const [, [instance, externalId, issuer, iss], roles, groups, conditionalBits, mayAct] = value;
  const reference = { identity: { instance, externalId }, issuer, iss, roles, groups, conditionalBits };
  return mayAct === undefined ? reference : { ...reference, mayAct: { issuer: mayAct[0], sub: mayAct[1], clientId: mayAct[2] } };
}

function isWritten(value: unknown): value is Written {
  if (!Array.isArray(value) || value[0] !== FORM) return false;
  const [, names, roles, groups, conditionalBits, mayAct] = value as readonly unknown[];
  if (!isTextList(names) || names.length !== 4 || !isTextList(roles)) return false;
  if (mayAct !== undefined && !isCandidate(mayAct)) return false;
  return (groups === null || isTextList(groups)) && isBitList(conditionalBits);
}

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isCandidate(value: unknown): boolean {
  return Array.isArray(value) && value.length === 3 && value.every((item) => item === null || typeof item === 'string');
}

function isBitList(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item));
}
