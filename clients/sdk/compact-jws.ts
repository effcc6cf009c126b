import { CountersignError } from './countersign-error.js';
import { readStrictJson, type JsonObject } from './strict-json.js';

/** A compact JWS as it was read. Nothing in it is proven. */
export interface CompactJws {
  /** `typ` in lower case without `application/` (RFC 7515 §4.1.9). */
  readonly type: string;
  readonly algorithm: string;
  readonly keyId: string;
  readonly claims: JsonObject;
  /** `header.payload`, exactly as received; ASCII. */
  readonly signingInput: string;
  readonly signature: Buffer;
}

export interface JwsLimits {
  readonly characters: number;
  /** Of the payload, at all levels. */
  readonly members: number;
}

const HEADER_BYTES = 4_096;
const HEADER_MEMBERS = 20;
const KEY_ID_CHARACTERS = 256;

/** SECURITY: a key or a rule for the signature never comes from the token (RFC 8725 §3.10); compressed and encrypted forms are not read. */
const FORBIDDEN_HEADERS = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'];

/**
 * Reads compact JWS text so that exactly one text means one token: three parts of canonical, unpadded base64url, strict JSON inside.
 *
 * @throws CountersignError `TOKEN_TOO_LARGE`, `TOKEN_MALFORMED`, `TOKEN_HEADER_FORBIDDEN`
 */
export function readCompactJws(text: string, limits: JwsLimits): CompactJws {
  if (text.length > limits.characters) throw new CountersignError('TOKEN_TOO_LARGE');
  const headerEnd = text.indexOf('.');
  // Where there are more than two dots, the payload holds one and is not canonical.
  const payloadEnd = text.lastIndexOf('.');
  if (headerEnd < 1 || payloadEnd <= headerEnd) throw new CountersignError('TOKEN_MALFORMED');

  const header = readHeader(decoded(text.slice(0, headerEnd)));
  const claims = readStrictJson(decoded(text.slice(headerEnd + 1, payloadEnd)), limits.members);
  if (claims === undefined) throw new CountersignError('TOKEN_MALFORMED');
  return { ...header, claims, signingInput: text.slice(0, payloadEnd), signature: decoded(text.slice(payloadEnd + 1)) };
}

/**
 * SECURITY: Node decodes base64url leniently (padding, the other alphabet, white space, stray bits), so several texts would mean one
 * token. Only the text that the bytes encode back to is taken.
 */
function decoded(segment: string): Buffer {
  const bytes = Buffer.from(segment, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== segment) throw new CountersignError('TOKEN_MALFORMED');
  return bytes;
}

function readHeader(bytes: Buffer): Pick<CompactJws, 'type' | 'algorithm' | 'keyId'> {
  const members = bytes.length > HEADER_BYTES ? undefined : readStrictJson(bytes, HEADER_MEMBERS);
  if (members === undefined) throw new CountersignError('TOKEN_MALFORMED');
  if (FORBIDDEN_HEADERS.some((name) => Object.hasOwn(members, name))) throw new CountersignError('TOKEN_HEADER_FORBIDDEN');
  const { typ, alg, kid } = members;
  if (typeof typ !== 'string') throw new CountersignError('TOKEN_TYPE_MISMATCH');
  if (typeof alg !== 'string') throw new CountersignError('TOKEN_ALGORITHM_NOT_ALLOWED');
  if (typeof kid !== 'string' || kid.length > KEY_ID_CHARACTERS) throw new CountersignError('TOKEN_KEY_UNKNOWN');
  return { type: normalisedType(typ), algorithm: alg, keyId: kid };
}

/** Media types have no case, and `application/` may be left out. */
function normalisedType(type: string): string {
  const lower = type.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}
