import type { Metadata } from '@grpc/grpc-js';

export const METADATA_LIMIT_BYTES = 32 * 1024;

/** grpc-js has no limit of its own. Counted as HTTP/2 does: name, value and 32 bytes for each (RFC 9113 §6.5.2). */
export function metadataBytes(metadata: Metadata): number {
  let size = 0;
  for (const [name, values] of Object.entries(metadata.toHttp2Headers())) {
    for (const value of Array.isArray(values) ? values : [values]) size += name.length + String(value).length + 32;
  }
  return size;
}
