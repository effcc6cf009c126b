/** Addresses of IPv4 and IPv6. Strict: one spelling with a meaning of its own, such as `010.0.0.1`, is none. */

export interface Network {
  readonly address: readonly number[];
  readonly bits: number;
}

const PREFIX = /^(0|[1-9]\d{0,2})$/;
const MOST_CHARACTERS = 64;

/** 4 bytes or 16; an IPv4 address that is written as IPv6 (`::ffff:10.0.0.1`) is the IPv4 address. `null`: none. */
export function parseAddress(text: string): readonly number[] | null {
  const bytes = bytesOf(text);
  return bytes !== null && isMapped(bytes) ? bytes.slice(12) : bytes;
}

/** `10.0.0.0/8`. `null`: none, or it has bits beyond its prefix, so that nobody can say what is meant. */
export function parseNetwork(text: string): Network | null {
  const slash = text.indexOf('/');
  const prefix = text.slice(slash + 1);
  const bytes = slash > 0 ? bytesOf(text.slice(0, slash)) : null;
  if (bytes === null || !PREFIX.test(prefix)) return null;
  const bits = Number(prefix);
  if (bits > bytes.length * 8 || hasBitsBeyond(bytes, bits)) return null;
  return isMapped(bytes) && bits >= 96 ? { address: bytes.slice(12), bits: bits - 96 } : { address: bytes, bits };
}

export function isWithin(address: readonly number[], { address: network, bits }: Network): boolean {
  if (address.length !== network.length) return false;
  const whole = bits >> 3;
  for (let index = 0; index < whole; index += 1) if (address[index] !== network[index]) return false;
  const rest = bits & 7;
  return rest === 0 || ((address[whole] ?? 0) ^ (network[whole] ?? 0)) >> (8 - rest) === 0;
}

function hasBitsBeyond(bytes: readonly number[], bits: number): boolean {
  return bytes.some((byte, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return (byte & (0xff >> kept)) !== 0;
  });
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && bytes.slice(0, 10).every((byte) => byte === 0);
}

function bytesOf(text: string): readonly number[] | null {
  if (text.length > MOST_CHARACTERS) return null;
  return text.includes(':') ? ipv6(text) : ipv4(text);
}

const BYTE = /^(0|[1-9]\d{0,2})$/;

/** A leading zero would be octal to some readers. */
function ipv4(text: string): readonly number[] | null {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => BYTE.test(part) && Number(part) < 256)) return null;
  return parts.map(Number);
}

function ipv6(text: string): readonly number[] | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const isShort = halves.length === 2;
  const head = groups(halves[0] ?? '', !isShort);
  const tail = isShort ? groups(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 16 - head.length - tail.length;
  if (isShort ? missing < 2 : missing !== 0) return null;
  return [...head, ...Array.from({ length: missing }, () => 0), ...tail];
}

/** `ffff:10.0.0.1`: groups of two bytes; at the very end the last two may be written as IPv4. */
function groups(text: string, isEnd: boolean): readonly number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    const last = isEnd && index === parts.length - 1 ? ipv4(part) : null;
    if (last !== null) bytes.push(...last);
    else if (/^[0-9A-Fa-f]{1,4}$/.test(part))
      bytes.push(Number.parseInt(part.slice(0, -2) || '0', 16), Number.parseInt(part.slice(-2), 16));
    else return null;
  }
  return bytes.length <= 16 ? bytes : null;
}
