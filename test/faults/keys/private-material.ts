import type { KeyObject } from 'node:crypto';

export interface Needle {
  /** Tells what was found without showing it. */
  readonly name: string;
  readonly bytes: Buffer;
}

/** Shorter pieces would be found by chance. */
const LEAST_PIECE = 20;
const LEAST_OVERLAP = 8;
const PEM_LINE_BYTES = 48;

/** Every written form of a private key that a dump must not hold: hex, base64 in any alignment, base64url, PEM lines. */
export function writtenForms(privateKey: KeyObject): readonly Needle[] {
  const forms = privateNumbers(privateKey).flatMap(({ name, bytes }) => [
    { name: `${name} in hex`, bytes: Buffer.from(bytes.toString('hex')) },
    { name: `${name} in upper-case hex`, bytes: Buffer.from(bytes.toString('hex').toUpperCase()) },
    ...(['base64', 'base64url'] as const).flatMap((form) =>
      alignments(bytes).map((piece) => ({ name: `${name} in ${form}`, bytes: Buffer.from(inside(piece.toString(form))) })),
    ),
  ]);
  return [...forms, ...pemLines(privateKey)];
}

/** The private numbers as they are in memory. What holds the key holds them; they are counted, not promised away. */
export function rawForms(privateKey: KeyObject): readonly Needle[] {
  return privateNumbers(privateKey).flatMap(({ name, bytes }) => [
    { name: `${name}, big-endian`, bytes },
    { name: `${name}, little-endian`, bytes: Buffer.from(bytes).reverse() },
  ]);
}

/** How often the needle is in the haystack; overlapping finds count once. */
export function occurrences(haystack: Buffer, needle: Buffer): number {
  let count = 0;
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + needle.length)) count += 1;
  return count;
}

function privateNumbers(privateKey: KeyObject): readonly Needle[] {
  const { d, p, q, dp, dq, qi } = privateKey.export({ format: 'jwk' });
  return Object.entries({ d, p, q, dp, dq, qi }).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, bytes: Buffer.from(value, 'base64url') }],
  );
}

/** Inside something longer, a number may start at any of the three places of a base64 group. */
function alignments(bytes: Buffer): readonly Buffer[] {
  return [0, 1, 2].map((from) => bytes.subarray(from, from + Math.floor((bytes.length - from) / 3) * 3));
}

/** A line break may be in the middle of a long number, so its beginning has to do. */
function inside(text: string): string {
  return text.slice(0, 40);
}

function pemLines(privateKey: KeyObject): readonly Needle[] {
  const types = privateKey.asymmetricKeyType === 'ec' ? (['pkcs8', 'sec1'] as const) : (['pkcs8'] as const);
  return types.flatMap((type) => {
    const holdsPrivate = privateLines(privateKey, type);
    return dataLines(privateKey.export({ format: 'pem', type }).toString())
      .map((line, index) => ({ name: `line ${String(index + 1)} of the ${type} PEM`, bytes: Buffer.from(line) }))
      .filter(({ bytes }, index) => bytes.length >= LEAST_PIECE && holdsPrivate(index));
  });
}

/** The modulus of RSA and the point of P-256 are in a private PEM too, and may be anywhere. */
function privateLines(privateKey: KeyObject, type: 'pkcs8' | 'sec1'): (line: number) => boolean {
  const der = privateKey.export({ format: 'der', type });
  const ranges = privateNumbers(privateKey).map(({ bytes }) => {
    const from = der.indexOf(bytes);
    return { from, to: from + bytes.length };
  });
  return (line) =>
    ranges.some(
      ({ from, to }) => from < (line + 1) * PEM_LINE_BYTES - LEAST_OVERLAP && to > line * PEM_LINE_BYTES + LEAST_OVERLAP,
    );
}

function dataLines(pem: string): readonly string[] {
  return pem.split('\n').filter((line) => line !== '' && !line.startsWith('-----'));
}
