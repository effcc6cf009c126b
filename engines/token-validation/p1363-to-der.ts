const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** The fixed-length `r || s` of RFC 7518 §3.4 as the DER SEQUENCE that OpenSSL reads. Both halves have the same length, at most 66 bytes. */
export function p1363ToDer(signature: Buffer): Buffer {
  const half = signature.length / 2;
  const r = minimal(signature.subarray(0, half));
  const s = minimal(signature.subarray(half));
  const content = integerLength(r) + integerLength(s);
  const prefix = content < 0x80 ? [SEQUENCE, content] : [SEQUENCE, 0x81, content];
  const der = Buffer.alloc(prefix.length + content);
  der.set(prefix);
  const end = writeInteger(der, prefix.length, r);
  writeInteger(der, end, s);
  return der;
}

/** Without leading zeros, but at least one byte. */
function minimal(number: Buffer): Buffer {
  let start = 0;
  while (start < number.length - 1 && number[start] === 0) start += 1;
  return number.subarray(start);
}

/** DER integers are signed: a set top bit needs a zero byte in front. */
function needsZero(number: Buffer): boolean {
  return (number[0] ?? 0) >= 0x80;
}

function integerLength(number: Buffer): number {
  return 2 + number.length + (needsZero(number) ? 1 : 0);
}

function writeInteger(der: Buffer, at: number, number: Buffer): number {
  const pad = needsZero(number) ? 1 : 0;
  der[at] = INTEGER;
  der[at + 1] = number.length + pad;
  der.set(number, at + 2 + pad);
  return at + 2 + pad + number.length;
}
