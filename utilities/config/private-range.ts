import { BlockList } from 'node:net';
import { readRange } from './address-range.js';

/** Address space that belongs to nobody on the internet: the shortest prefix of each block, and the block. */
const PRIVATE_BLOCKS = [
  { network: '10.0.0.0', prefix: 8, family: 'ipv4' },
  { network: '100.64.0.0', prefix: 10, family: 'ipv4' },
  { network: '172.16.0.0', prefix: 12, family: 'ipv4' },
  { network: '192.168.0.0', prefix: 16, family: 'ipv4' },
  { network: 'fc00::', prefix: 7, family: 'ipv6' },
] as const;

/** Whether the text is a range in CIDR notation that lies inside private address space. */
export function isPrivateRange(text: string): boolean {
  const range = readRange(text);
  if (range === undefined) return false;
  const { address, prefix, family } = range;
  return PRIVATE_BLOCKS.some((block) => block.family === family && prefix >= block.prefix && holds(block, address));
}

function holds({ network, prefix, family }: (typeof PRIVATE_BLOCKS)[number], address: string): boolean {
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(address, family);
}
