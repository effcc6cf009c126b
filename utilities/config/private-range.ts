import { BlockList, isIP } from 'node:net';

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
  const [, address = '', digits = ''] = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(text) ?? [];
  const family = { 0: null, 4: 'ipv4', 6: 'ipv6' }[isIP(address)] ?? null;
  const prefix = Number(digits);
  if (family === null || prefix > (family === 'ipv4' ? 32 : 128)) return false;
  return PRIVATE_BLOCKS.some((block) => block.family === family && prefix >= block.prefix && holds(block, address));
}

function holds({ network, prefix, family }: (typeof PRIVATE_BLOCKS)[number], address: string): boolean {
  const list = new BlockList();
  list.addSubnet(network, prefix, family);
  return list.check(address, family);
}
