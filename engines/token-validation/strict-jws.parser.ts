import type { Claims } from './identity-provider.contract.js';
import { readStrictJson } from './strict-json.js';

/** The protected header, read once for all tokens that carry the same one. */
export interface JwsHeader {
  readonly members: Claims;
  /** `null`: absent or not a string. */
  readonly algorithm: string | null;
  readonly keyId: string | null;
  /** `typ` in lower case without `application/` (RFC 7515 §4.1.9); `null`: absent or not a string. */
  readonly type: string | null;
  /** The first header member that is never accepted, if there is one. */
  readonly forbidden: string | null;
}

/** A compact JWS whose payload may be any bytes. */
export interface OpaqueJws {
  readonly header: JwsHeader;
  /** `header.payload`, exactly as received; ASCII. */
  readonly signingInput: string;
  readonly signature: Buffer;
}

/** A compact JWS that carries a JSON object. */
export interface StrictJws extends OpaqueJws {
  readonly claims: Claims;
}

export interface ShapeFault {
  readonly code: 'TOKEN_TOO_LARGE' | 'TOKEN_MALFORMED';
  readonly actual: string;
  readonly remedy?: string;
}

export type Parsed<Jws extends OpaqueJws> =
  { readonly ok: true; readonly jws: Jws } | { readonly ok: false; readonly fault: ShapeFault };

export const MAX_TOKEN_LENGTH = 16 * 1024;
const MAX_HEADER_BYTES = 4 * 1024;
const MAX_REMEMBERED_HEADERS = 256;
/** Longer headers are read anew each time, which bounds what the memo can hold. */
const MAX_REMEMBERED_LENGTH = 1024;

/** SECURITY: a key or a rule for the signature never comes from the token (RFC 8725 §3.10); compressed and encrypted forms are not read. */
export const FORBIDDEN_HEADERS = ['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c', 'zip', 'enc'] as const;

/**
 * Reads compact JWS text so that exactly one text means one token: three parts of canonical, unpadded base64url, strict JSON
 * inside. Answers a fault and never throws. Nothing read here is proven; that is the work of the signature.
 */
export class StrictJwsParser {
  private readonly headers = new Map<string, JwsHeader>();

  parse(token: string): Parsed<StrictJws> {
    const framed = this.frame(token);
    if (!framed.ok) return framed;
    const payload = decode(framed.payload);
    if (payload === undefined) return notCanonical('payload', token);
    const json = readStrictJson(payload);
    const signature = decode(framed.signature);
    if (signature === undefined) return notCanonical('signature', token);
    if (!json.ok) return malformed(`the payload is refused: ${json.problem}`);
    const { header, signingInput } = framed;
    return { ok: true, jws: { header, signingInput, signature: Buffer.from(signature), claims: json.value } };
  }

  /** As `parse`, for a payload that may be any bytes. */
  parseOpaque(token: string): Parsed<OpaqueJws> {
    const framed = this.frame(token);
    if (!framed.ok) return framed;
    if (decode(framed.payload) === undefined) return notCanonical('payload', token);
    const signature = decode(framed.signature);
    if (signature === undefined) return notCanonical('signature', token);
    const { header, signingInput } = framed;
    return { ok: true, jws: { header, signingInput, signature: Buffer.from(signature) } };
  }

  private frame(token: string): Framed {
    if (token.length > MAX_TOKEN_LENGTH)
      return { ok: false, fault: { code: 'TOKEN_TOO_LARGE', actual: `${token.length.toString()} characters` } };
    const parts = partsOf(token);
    if (parts === undefined) return wrongParts(token);
    const header = this.header(token.slice(0, parts.payloadAt - 1));
    if (!header.ok) return malformed(`the header is refused: ${header.problem}`, notVerbatim(token));
    return {
      ok: true,
      header: header.header,
      signingInput: token.slice(0, parts.signatureAt - 1),
      payload: token.slice(parts.payloadAt, parts.signatureAt - 1),
      signature: token.slice(parts.signatureAt),
    };
  }

  private header(segment: string): HeaderRead {
    const remembered = this.headers.get(segment);
    if (remembered !== undefined) return { ok: true, header: remembered };
    const bytes = decode(segment);
    if (bytes === undefined) return { ok: false, problem: 'empty or not canonical base64url' };
    const read = readHeader(bytes);
    // The text is made anew from the bytes: a slice of the token would keep the whole token in memory.
    if (read.ok && segment.length <= MAX_REMEMBERED_LENGTH) this.remember(bytes.toString('base64url'), read.header);
    return read;
  }

  private remember(segment: string, header: JwsHeader): void {
    if (this.headers.size >= MAX_REMEMBERED_HEADERS) {
      const oldest = this.headers.keys().next();
      if (oldest.done !== true) this.headers.delete(oldest.value);
    }
    this.headers.set(segment, header);
  }
}

/** The three parts, of which the header has been read. */
type Framed =
  | {
      readonly ok: true;
      readonly header: JwsHeader;
      readonly signingInput: string;
      readonly payload: string;
      readonly signature: string;
    }
  | { readonly ok: false; readonly fault: ShapeFault };

type HeaderRead = { readonly ok: true; readonly header: JwsHeader } | { readonly ok: false; readonly problem: string };

function readHeader(bytes: Buffer): HeaderRead {
  if (bytes.length > MAX_HEADER_BYTES) return { ok: false, problem: `${bytes.length.toString()} bytes` };
  const json = readStrictJson(bytes);
  if (!json.ok) return json;
  const members = json.value;
  const type = textOrNull(members['typ']);
  return {
    ok: true,
    header: {
      members,
      algorithm: textOrNull(members['alg']),
      keyId: textOrNull(members['kid']),
      type: type === null ? null : normalisedType(type),
      forbidden: FORBIDDEN_HEADERS.find((name) => Object.hasOwn(members, name)) ?? null,
    },
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** `typ` for comparison: media types have no case, and `application/` may be left out (RFC 7515 §4.1.9). */
export function normalisedType(type: string): string {
  const lower = type.toLowerCase();
  return lower.startsWith('application/') ? lower.slice('application/'.length) : lower;
}

/** `header.payload` of a text of three parts, whatever the parts hold; `null` for any other text. */
export function signingInputOf(token: string): string | null {
  const parts = partsOf(token);
  return parts === undefined ? null : token.slice(0, parts.signatureAt - 1);
}

function partsOf(token: string): { readonly payloadAt: number; readonly signatureAt: number } | undefined {
  const first = token.indexOf('.');
  if (first < 0) return undefined;
  const second = token.indexOf('.', first + 1);
  if (second < 0 || token.includes('.', second + 1)) return undefined;
  return { payloadAt: first + 1, signatureAt: second + 1 };
}

/** Where parts are decoded, one after the other: a buffer for each part of each token is what most of the time would go into. */
const scratch = Buffer.allocUnsafeSlow(MAX_TOKEN_LENGTH);

/**
 * The bytes of a part, good until the next call.
 *
 * SECURITY: Node decodes base64url leniently (padding, the other alphabet, white space, stray bits), so several texts would
 * mean one token. Only the text that the bytes encode back to is taken.
 */
function decode(segment: string): Buffer | undefined {
  const length = scratch.write(segment, 'base64url');
  return length > 0 && scratch.toString('base64url', 0, length) === segment ? scratch.subarray(0, length) : undefined;
}

function notCanonical(part: string, token: string): { readonly ok: false; readonly fault: ShapeFault } {
  return malformed(`the ${part} is empty or not canonical base64url`, notVerbatim(token));
}

function malformed(actual: string, remedy?: string): { readonly ok: false; readonly fault: ShapeFault } {
  return { ok: false, fault: { code: 'TOKEN_MALFORMED', actual, ...(remedy === undefined ? {} : { remedy }) } };
}

function wrongParts(token: string): { readonly ok: false; readonly fault: ShapeFault } {
  const count = token.split('.', 6).length;
  const actual = token === '' ? 'nothing' : `${count > 5 ? 'more than 5' : count.toString()} part${count === 1 ? '' : 's'}`;
  if (count === 5)
    return malformed(
      actual,
      'The token is encrypted. Switch token encryption off for the API, or ask for a token of your own API.',
    );
  if (count === 1)
    return malformed(
      actual,
      'The token is opaque, or not a token. Ask the identity provider for an access token of your own API.',
    );
  return malformed(actual, notVerbatim(token));
}

/** What usually happened to a token that is not as it was issued. */
function notVerbatim(token: string): string | undefined {
  if (/^bearer\s/iu.test(token)) return 'Send the token alone, without the word Bearer.';
  if (token.startsWith('"')) return 'Send the token without quotation marks.';
  if (/\s/u.test(token)) return 'Remove white space and line breaks from the token.';
  // Lengths at which proxies and log lines cut.
  if (token.length === 4096 || token.length === 8192)
    return `The token ends at ${token.length.toString()} characters: look for a limit of that size on the way.`;
  return undefined;
}
