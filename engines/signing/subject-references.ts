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
  mayAct?: readonly [issuer: string | null, sub: string | null, clientId: string | null] | null,
  grantedBits?: string,
];

function textOf({ identity, issuer, iss, roles, groups, conditionalBits, mayAct, grantedBits }: SubjectReference): string {
  const names = [identity.instance, identity.externalId, issuer, iss] as const;
  const written = [FORM, names, roles, groups, conditionalBits] as const satisfies Written;
  if (mayAct === undefined && grantedBits === undefined) return JSON.stringify(written);
  const candidate = mayAct === undefined ? null : ([mayAct.issuer, mayAct.sub, mayAct.clientId] as const);
  if (grantedBits === undefined) return JSON.stringify([...written, candidate] satisfies Written);
  return JSON.stringify([...written, candidate, bitSetOf(grantedBits)] satisfies Written);
}

/** Cheaper than to write both down. */
function isSame(one: SubjectReference, other: SubjectReference): boolean {
  if (one.identity.externalId !== other.identity.externalId || one.identity.instance !== other.identity.instance) return false;
  if (one.issuer !== other.issuer || one.iss !== other.iss || !isSameList(one.roles, other.roles)) return false;
  if (!isSameRest(one, other)) return false;
  return isSameList(one.groups, other.groups) && isSameList(one.conditionalBits, other.conditionalBits);
}

/** What most references have not. */
function isSameRest(one: SubjectReference, other: SubjectReference): boolean {
  if (!isSameList(namesIn(one.mayAct), namesIn(other.mayAct))) return false;
  return isSameList(one.grantedBits ?? null, other.grantedBits ?? null);
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
  const [, [instance, externalId, issuer, iss], roles, groups, conditionalBits, mayAct, grantedBits] = value;
  return {
    ...{ identity: { instance, externalId }, issuer, iss, roles, groups, conditionalBits },
    ...(isPresent(mayAct) ? { mayAct: { issuer: mayAct[0], sub: mayAct[1], clientId: mayAct[2] } } : {}),
    ...(isPresent(grantedBits) ? { grantedBits: bitsIn(grantedBits) } : {}),
  };
}

function isPresent<Value>(value: Value | null | undefined): value is Value {
  return value !== undefined && value !== null;
}

/** Catalogues have thousands of permissions: one character holds six of them. */
function bitSetOf(bits: readonly number[]): string {
  const set = Buffer.alloc(Math.floor(Math.max(-1, ...bits) / 8) + 1);
  for (const bit of bits) set[bit >> 3] = (set[bit >> 3] ?? 0) | (1 << (bit & 7));
  return set.toString('base64url');
}

function bitsIn(text: string): readonly number[] {
  const set = Buffer.from(text, 'base64url');
  return Array.from({ length: set.length * 8 }, (_, bit) => bit).filter((bit) => ((set[bit >> 3] ?? 0) & (1 << (bit & 7))) !== 0);
}

function isWritten(value: unknown): value is Written {
  if (!Array.isArray(value) || value[0] !== FORM) return false;
  const [, names, roles, groups, conditionalBits, ...rest] = value as readonly unknown[];
  if (!isTextList(names) || names.length !== 4 || !isTextList(roles) || !hasRest(rest)) return false;
  return (groups === null || isTextList(groups)) && isBitList(conditionalBits);
}

function hasRest([mayAct = null, grantedBits = '']: readonly unknown[]): boolean {
  return (mayAct === null || isCandidate(mayAct)) && typeof grantedBits === 'string';
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
