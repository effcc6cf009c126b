import { isObject, type JsonObject } from './strict-json.js';

type Before = ReadonlyMap<string, number>;

/** What the issuer does not stand by any more. Times are Unix seconds. */
export interface CutoffDocument {
  readonly issuer: string;
  readonly sequence: number;
  /** What it is the sum of; `null`: the issuer does not say. */
  readonly sequences: { readonly keys: number; readonly revocations: number } | null;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly revokedKeys: Before;
  /** Since when the key signs no more; what it signed before is good. */
  readonly taintedKeys: Before;
  readonly tokens: ReadonlySet<string>;
  /** By tenant, then `sub`. */
  readonly subjects: ReadonlyMap<string, Before>;
  readonly clients: Before;
  readonly tenants: Before;
}

/** The claims of a document. @throws TypeError: of a document with one bad entry nothing is taken. */
export function readCutoffs(claims: JsonObject): CutoffDocument {
  return {
    issuer: text(claims, 'iss'),
    sequence: whole(claims, 'seq'),
    sequences: sequencesIn(claims),
    issuedAt: whole(claims, 'iat'),
    expiresAt: whole(claims, 'exp'),
    revokedKeys: latest(claims, 'revoked_keys', { name: 'kid', time: 'at' }),
    taintedKeys: latest(claims, 'tainted_keys', { name: 'kid', time: 'at' }),
    tokens: new Set(list(claims, 'revoked_tokens').map(asText)),
    subjects: subjectsIn(claims),
    clients: latest(claims, 'revoked_clients', { name: 'client_id', time: 'before' }),
    tenants: latest(claims, 'revoked_tenants', { name: 'tenant', time: 'before' }),
  };
}

function sequencesIn(claims: JsonObject): CutoffDocument['sequences'] {
  if (claims['seq_keys'] === undefined && claims['seq_revocations'] === undefined) return null;
  return { keys: whole(claims, 'seq_keys'), revocations: whole(claims, 'seq_revocations') };
}

function latest(claims: JsonObject, member: string, of: { readonly name: string; readonly time: string }): Before {
  const found = new Map<string, number>();
  for (const entry of list(claims, member).map(asObject)) later(found, text(entry, of.name), whole(entry, of.time));
  return found;
}

function subjectsIn(claims: JsonObject): CutoffDocument['subjects'] {
  const tenants = new Map<string, Map<string, number>>();
  for (const entry of list(claims, 'revoked_subjects').map(asObject)) {
    const tenant = text(entry, 'tenant');
    const subjects = tenants.get(tenant) ?? new Map<string, number>();
    later(subjects, text(entry, 'sub'), whole(entry, 'before'));
    tenants.set(tenant, subjects);
  }
  return tenants;
}

/** Of two cut-offs of the same thing the later one counts. */
function later(found: Map<string, number>, name: string, time: number): void {
  found.set(name, Math.max(found.get(name) ?? 0, time));
}

function list(claims: JsonObject, member: string): readonly unknown[] {
  const value = claims[member];
  if (!Array.isArray(value)) throw new TypeError(`${member} is no list`);
  return value;
}

function text(of: JsonObject, member: string): string {
  return asText(of[member]);
}

function whole(of: JsonObject, member: string): number {
  const value = of[member];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw new TypeError(`${member} is no whole number`);
  return value;
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('an entry is no text');
  return value;
}

function asObject(value: unknown): JsonObject {
  if (!isObject(value)) throw new TypeError('an entry is no object');
  return value;
}
