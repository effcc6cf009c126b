const SCALAR_BYTES = 32;
const INTEGER_TAG = 0x02;
const CONTENT_AT = 2;

/** `SEQUENCE { INTEGER r, INTEGER s }` as r and s of 32 bytes each. P-256 needs one length byte at most everywhere. */
export function joseSignature(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * SCALAR_BYTES);
  const sAt = copyInteger(der, CONTENT_AT, signature.subarray(0, SCALAR_BYTES));
  const end = copyInteger(der, sAt, signature.subarray(SCALAR_BYTES));
  if (end !== der.length) throw new Error('not the DER form of an ES256 signature');
  return signature;
}

/** Copies the INTEGER at `at` to the end of `target`, and answers where the next one starts. */
function copyInteger(der: Buffer, at: number, target: Buffer): number {
  const length = der[at + 1] ?? 0;
  const next = at + 2 + length;
  // A leading zero byte only keeps the integer positive.
  const start = length > SCALAR_BYTES ? next - SCALAR_BYTES : at + 2;
  if (der[at] !== INTEGER_TAG || length > SCALAR_BYTES + 1 || next > der.length) {
    throw new Error('not the DER form of an ES256 signature');
  }
  der.copy(target, SCALAR_BYTES - (next - start), start, next);
  return next;
}
