import type { Presenter, Selector } from '../oracle/world.js';
import type { FuzzWorld, SigningIssuer } from './fuzz-world.js';
import type { Prng } from './prng.js';
import { signedBy, type SigningKey } from './signing-key.js';

export type Json = Record<string, unknown>;

/** A token that can still be changed before it is signed. */
export interface Draft {
  readonly from: SigningIssuer;
  readonly header: Json;
  readonly claims: Json;
  key: SigningKey;
  presenter: Presenter;
}

/** What mutations are made with. */
export interface Making {
  readonly random: Prng;
  readonly fuzz: FuzzWorld;
}

/** A named way to change a draft before it is signed. */
export interface DraftMutation {
  readonly name: string;
  /** Answers `false` where it does not apply to this draft. */
  readonly apply: (draft: Draft, making: Making) => boolean;
}

export function encoded(text: string | Buffer): string {
  return (typeof text === 'string' ? Buffer.from(text, 'utf8') : text).toString('base64url');
}

/** The compact form of header and payload as text, signed by this key. */
export function sealedText(header: string | Buffer, payload: string | Buffer, key: SigningKey): string {
  const input = `${encoded(header)}.${encoded(payload)}`;
  return `${input}.${signedBy(key, input).toString('base64url')}`;
}

export function sealed({ header, claims, key }: Pick<Draft, 'header' | 'claims' | 'key'>): string {
  return sealedText(JSON.stringify(header), JSON.stringify(claims), key);
}

/** Replaces the value of a claim, or takes the claim away. */
export function set(target: Json, name: string, value: unknown): boolean {
  if (value === undefined) Reflect.deleteProperty(target, name);
  else target[name] = value;
  return true;
}

/** Puts a value where a selector looks for it; what stands beside it stays. */
export function place(claims: Json, selector: Selector, value: unknown): boolean {
  const [first, ...path] = typeof selector === 'string' ? [selector] : selector;
  let target = claims;
  let name = first;
  for (const next of path) {
    const inner = target[name];
    const copy: Json = typeof inner === 'object' && inner !== null ? { ...inner } : {};
    target[name] = copy;
    [target, name] = [copy, next];
  }
  return set(target, name, value);
}
