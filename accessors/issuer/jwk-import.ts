import type { SignatureAlgorithm, VerificationKey } from './contract.js';
import { isJsonObject, type JsonObject } from './json-object.js';
import { importPublicKey, type JwkFault } from './jwk-public-key.js';

/** More keys than this in one set is an attack or a mistake; the set is refused whole. */
export const MAX_KEYS = 100;
/** Longer key ids are refused here and never looked up, so that a stranger's ids cannot fill memory. */
export const MAX_KID_LENGTH = 256;

export type KeyRefusal =
  | JwkFault
  | 'not-a-key-set'
  | 'too-many-keys'
  | 'not-an-object'
  | 'kid-missing'
  | 'kid-duplicate'
  | 'cloud-malformed'
  | 'other-cloud';

export interface KeySetImport {
  readonly keys: VerificationKey[];
  readonly refused: { readonly kid: string | null; readonly reason: KeyRefusal }[];
}

/**
 * Takes the usable verification keys out of a JWK set that a stranger wrote. A bad entry is left out and does not harm the
 * others. Each key comes out prepared, and good for exactly one of the `allowed` algorithms.
 */
export function importVerificationKeys(jwks: unknown, allowed: readonly SignatureAlgorithm[]): KeySetImport {
  const entries = isJsonObject(jwks) ? jwks['keys'] : undefined;
  if (!Array.isArray(entries)) return nothing('not-a-key-set');
  if (entries.length > MAX_KEYS) return nothing('too-many-keys');

  const repeated = repeatedKids(entries);
  const imported: KeySetImport = { keys: [], refused: [] };
  for (const entry of entries as readonly unknown[]) {
    const outcome = importEntry(entry, repeated, allowed);
    if (typeof outcome === 'string') imported.refused.push({ kid: kidOf(entry), reason: outcome });
    else imported.keys.push(outcome);
  }
  return imported;
}

/** SECURITY: leaves the keys of other clouds out. Two clouds of Entra share an issuer, and their keys may never meet. */
export function ofCloud({ keys, refused }: KeySetImport, cloudNames: readonly string[]): KeySetImport {
  const foreign = ({ cloudInstanceName: name }: VerificationKey): boolean =>
    cloudNames.length > 0 && name !== null && !cloudNames.includes(name);
  return {
    keys: keys.filter((key) => !foreign(key)),
    refused: [...refused, ...keys.filter(foreign).map(({ kid }) => ({ kid, reason: 'other-cloud' as const }))],
  };
}

function importEntry(
  entry: unknown,
  repeated: ReadonlySet<string>,
  allowed: readonly SignatureAlgorithm[],
): VerificationKey | KeyRefusal {
  if (!isJsonObject(entry)) return 'not-an-object';
  const kid = kidOf(entry);
  if (kid === null) return 'kid-missing';
  // SECURITY: which of two keys under one id is meant would be a guess, so neither is taken.
  if (repeated.has(kid)) return 'kid-duplicate';
  const publicKey = importPublicKey(entry, allowed);
  if (typeof publicKey === 'string') return publicKey;
  const keyIssuer = issuerOf(entry);
  if (keyIssuer === undefined) return 'issuer-malformed';
  const cloudInstanceName = entry['cloud_instance_name'];
  if (cloudInstanceName !== undefined && typeof cloudInstanceName !== 'string') return 'cloud-malformed';
  return { kid, ...publicKey, keyIssuer, cloudInstanceName: cloudInstanceName ?? null };
}

function repeatedKids(entries: readonly unknown[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const entry of entries) {
    const kid = kidOf(entry);
    if (kid === null) continue;
    if (seen.has(kid)) repeated.add(kid);
    seen.add(kid);
  }
  return repeated;
}

function kidOf(entry: unknown): string | null {
  if (!isJsonObject(entry)) return null;
  const kid = entry['kid'];
  return typeof kid === 'string' && kid !== '' && kid.length <= MAX_KID_LENGTH ? kid : null;
}

function issuerOf(entry: JsonObject): string | null | undefined {
  const issuer = entry['issuer'];
  if (issuer === undefined) return null;
  return typeof issuer === 'string' && issuer !== '' ? issuer : undefined;
}

function nothing(reason: KeyRefusal): KeySetImport {
  return { keys: [], refused: [{ kid: null, reason }] };
}
