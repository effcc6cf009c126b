import type { KeySet } from '#protos/generated/countersign/keys/v1/keys.js';
import type { RotationSettings } from '#utilities/config/contract.js';
import { jwksDocument, type PublishedKeys } from '../published-jwks.js';

/** What verifiers are told over HTTP, as a message. */
export function keySetMessage(published: PublishedKeys, rotation: RotationSettings): KeySet {
  const { body, etag } = jwksDocument(published);
  return {
    jwksJson: body,
    etag,
    maxAgeSeconds: rotation.jwksMaxAgeSeconds,
    staleIfErrorSeconds: rotation.jwksStaleIfErrorSeconds,
  };
}
