import { decodeBase64url } from './base64url.js';
import { readJsonObject, type JsonObject } from './json-reader.js';

/** A token as text of one meaning. */
export interface Reading {
  readonly header: JsonObject;
  readonly claims: JsonObject;
  readonly signingInput: string;
  readonly signature: Uint8Array<ArrayBuffer>;
}

const MAX_TOKEN_CHARACTERS = 16_384;
const MAX_HEADER_BYTES = 4_096;

/** RFC 7515 §7.1 read strictly, or the code by which the text is refused. */
export function readToken(token: string): Reading | 'TOKEN_TOO_LARGE' | 'TOKEN_MALFORMED' {
  if (token.length > MAX_TOKEN_CHARACTERS) return 'TOKEN_TOO_LARGE';
  const parts = token.split('.');
  const [first = '', second = '', third = ''] = parts;
  const header = objectOf(first, MAX_HEADER_BYTES);
  const claims = objectOf(second, Infinity);
  const signature = decodeBase64url(third);
  if (parts.length !== 3 || header === undefined || claims === undefined || signature === undefined) return 'TOKEN_MALFORMED';
  return { header, claims, signingInput: `${first}.${second}`, signature };
}

function objectOf(part: string, mostBytes: number): JsonObject | undefined {
  const bytes = decodeBase64url(part);
  return bytes === undefined || bytes.length > mostBytes ? undefined : readJsonObject(bytes);
}
