/** What is read of `google.rpc.ErrorInfo`. */
export interface ErrorInfoReading {
  readonly reason: string;
  readonly domain: string;
}

const TYPE = 'type.googleapis.com/google.rpc.ErrorInfo';
const LIMIT_BYTES = 64 * 1024;
const LENGTH_DELIMITED = 2;

/**
 * The first `ErrorInfo` in a `grpc-status-details-bin` (a `google.rpc.Status`); `null`: there is none, or the bytes mean nothing. Reads
 * the protobuf itself: three fields of messages that will not change.
 */
export function errorInfoIn(details: string | Uint8Array | undefined): ErrorInfoReading | null {
  const bytes = typeof details === 'string' ? Buffer.from(details.slice(0, 2 * LIMIT_BYTES), 'base64') : details;
  if (bytes === undefined || bytes.length > LIMIT_BYTES) return null;
  const packed = fields(bytes, 3).find((detail) => textIn(detail, 1) === TYPE);
  const [value] = packed === undefined ? [] : fields(packed, 2);
  return value === undefined ? null : { reason: textIn(value, 1), domain: textIn(value, 2) };
}

/** Values of a field with a length; what cannot be read ends the reading. */
function fields(bytes: Uint8Array, wanted: number): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = varint(bytes, at);
    if (tag === null) break;
    const length = (tag.value & 7) === LENGTH_DELIMITED ? varint(bytes, tag.next) : null;
    if (length === null) {
      // Only the number of the status has another form, a varint.
      const skipped = (tag.value & 7) === 0 ? varint(bytes, tag.next) : null;
      if (skipped === null) break;
      at = skipped.next;
      continue;
    }
    const end = length.next + length.value;
    if (end > bytes.length) break;
    if (tag.value >> 3 === wanted) found.push(bytes.subarray(length.next, end));
    at = end;
  }
  return found;
}

/** Up to 28 bits: longer lengths than the limit mean nothing here. A negative number (ten bytes) ends the reading. */
function varint(bytes: Uint8Array, from: number): { readonly value: number; readonly next: number } | null {
  let value = 0;
  for (let index = 0; index < 4; index += 1) {
    const byte = bytes[from + index];
    if (byte === undefined) return null;
    value |= (byte & 0x7f) << (7 * index);
    if (byte < 0x80) return { value, next: from + index + 1 };
  }
  return null;
}

function textIn(message: Uint8Array, field: number): string {
  const [bytes] = fields(message, field);
  return bytes === undefined ? '' : Buffer.from(bytes).toString('utf8');
}
