import { createHash } from 'node:crypto';

/** A document ready to be sent: nothing is encoded for a request. */
export interface EncodedDocument {
  readonly body: Buffer;
  /** Names the bytes of the body, in quotation marks as HTTP has it. */
  readonly etag: string;
}

export function encodedDocument(value: object): EncodedDocument {
  const body = Buffer.from(JSON.stringify(value), 'utf8');
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}

export type PublishedKeys = readonly { readonly jwk: object }[];

const known = new WeakMap<object, EncodedDocument>();

/**
 * The JWK set (RFC 7517) of these keys, the same bytes over every transport.
 *
 * INVARIANT: encoded once for each array, which the keyring replaces only when a key changed.
 */
export function jwksDocument(published: PublishedKeys): EncodedDocument {
  let document = known.get(published);
  if (document === undefined) {
    document = encodedDocument({ keys: published.map((key) => key.jwk) });
    known.set(published, document);
  }
  return document;
}
