import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Who can be at an address. `never` is everything that no identity provider can have: metadata services of clouds, link-local,
 * multicast, reserved and documentation ranges, and spellings that hide an IPv4 address in an IPv6 one.
 */
export type AddressReach = 'public' | 'private' | 'loopback' | 'never';

const IPV4_NEVER = ranges('ipv4', [
  '0.0.0.0/8',
  '169.254.0.0/16',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  // Metadata and platform services of Azure and Alibaba, which are not link-local.
  '168.63.129.16/32',
  '100.100.100.200/32',
]);
const IPV4_PRIVATE = ranges('ipv4', ['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.168.0.0/16']);
const IPV4_LOOPBACK = ranges('ipv4', ['127.0.0.0/8']);

const IPV6_LOOPBACK = ranges('ipv6', ['::1/128']);
const IPV6_PRIVATE = ranges('ipv6', ['fc00::/7']);
const IPV6_NAT64 = ranges('ipv6', ['64:ff9b::/96']);
const IPV6_GLOBAL = ranges('ipv6', ['2000::/3']);
const IPV6_NEVER = ranges('ipv6', [
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
  // The metadata service of Amazon, inside the unique local range.
  'fd00:ec2::/32',
]);

/** The reach of one address as a resolver or a URL gives it. What is not plainly an address is `never`. */
export function reachOf(address: string): AddressReach {
  if (isIPv4(address)) return reachOfIPv4(address);
  return isIPv6(address) && !address.includes('%') ? reachOfIPv6(address) : 'never';
}

/** Address ranges in CIDR notation, of both families. */
export class AddressRanges {
  private readonly list = new BlockList();

  constructor(cidrs: readonly string[]) {
    for (const cidr of cidrs) add(this.list, cidr);
  }

  has(address: string): boolean {
    return this.list.check(address, isIPv4(address) ? 'ipv4' : 'ipv6');
  }
}

function reachOfIPv4(address: string): AddressReach {
  if (IPV4_NEVER.check(address, 'ipv4')) return 'never';
  if (IPV4_LOOPBACK.check(address, 'ipv4')) return 'loopback';
  return IPV4_PRIVATE.check(address, 'ipv4') ? 'private' : 'public';
}

/** A closed world: only what is known to be good is anything but `never`, so mapped, compatible and 6to4 forms fall out. */
function reachOfIPv6(address: string): AddressReach {
  if (IPV6_LOOPBACK.check(address, 'ipv6')) return 'loopback';
  if (IPV6_NEVER.check(address, 'ipv6')) return 'never';
  if (IPV6_PRIVATE.check(address, 'ipv6')) return 'private';
  if (IPV6_GLOBAL.check(address, 'ipv6')) return 'public';
  // A translator in a network without IPv4: the address behind it is the one that counts, and it has to be public.
  return IPV6_NAT64.check(address, 'ipv6') && reachOfIPv4(lastFourBytes(address)) === 'public' ? 'public' : 'never';
}

function lastFourBytes(address: string): string {
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':');
  const [high = 0, low = 0] = groups.slice(-2).map((group) => Number.parseInt(group === '' ? '0' : group, 16));
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function ranges(family: 'ipv4' | 'ipv6', cidrs: readonly string[]): BlockList {
  const list = new BlockList();
  for (const cidr of cidrs) add(list, cidr, family);
  return list;
}

function add(list: BlockList, cidr: string, family: 'ipv4' | 'ipv6' = cidr.includes(':') ? 'ipv6' : 'ipv4'): void {
  const [network = '', prefix = ''] = cidr.split('/');
  list.addSubnet(network, Number(prefix), family);
}
