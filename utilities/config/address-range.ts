import { isIP } from 'node:net';

/** An address and the length of its prefix: `10.0.0.0/8`, `fc00::/7`. */
interface AddressRange {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `undefined`: the text is no range in CIDR notation. */
export function readRange(text: string): AddressRange | undefined {
  const [, address = '', digits = ''] = /^([\da-f.:]+)\/(\d{1,3})$/i.exec(text) ?? [];
  const family = { 0: null, 4: 'ipv4', 6: 'ipv6' }[isIP(address)] ?? null;
  const prefix = Number(digits);
  if ((family !== 'ipv4' && family !== 'ipv6') || prefix > (family === 'ipv4' ? 32 : 128)) return undefined;
  return { address, prefix, family };
}

export function isRange(text: string): boolean {
  return readRange(text) !== undefined;
}
