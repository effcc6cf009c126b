import { describe, expect, it } from '@jest/globals';
import { AddressRanges, reachOf } from './address-reach.js';

const reaches = (addresses: readonly string[]): string[] => addresses.map((address) => reachOf(address));
const all = (count: number, reach: string): string[] => Array.from({ length: count }, () => reach);

describe('reachOf', () => {
  it('knows public addresses of both families', () => {
    const addresses = [
      '20.190.160.1',
      '8.8.8.8',
      '1.1.1.1',
      '172.15.0.1',
      '172.32.0.1',
      '100.128.0.1',
      '2603:1000::1',
      '2606:4700::6810',
    ];
    expect(reaches(addresses)).toEqual(all(addresses.length, 'public'));
  });

  it('knows private ones', () => {
    const addresses = [
      '10.0.0.1',
      '172.16.0.1',
      '172.31.255.255',
      '192.168.0.1',
      '100.64.0.1',
      '100.127.255.255',
      'fc00::1',
      'fdff::1',
    ];
    expect(reaches(addresses)).toEqual(all(addresses.length, 'private'));
  });

  it('knows this machine', () => {
    expect(reaches(['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1'])).toEqual(all(4, 'loopback'));
  });

  it.each([
    ['metadata services', ['169.254.169.254', '168.63.129.16', '100.100.100.200', '192.0.0.192', 'fd00:ec2::254']],
    ['unspecified', ['0.0.0.0', '0.1.2.3', '::', '0:0:0:0:0:0:0:0']],
    ['link-local', ['169.254.0.1', 'fe80::1', 'febf::1', 'fe80::1%eth0']],
    ['site-local, which nobody uses', ['fec0::1']],
    ['multicast and broadcast', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    [
      'reserved and for documentation',
      ['240.0.0.1', '192.0.2.1', '198.51.100.1', '203.0.113.1', '198.18.0.1', '2001:db8::1', '3fff::1'],
    ],
    [
      'IPv4 in IPv6 clothes',
      ['::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '::8.8.8.8', '::ffff:0:1.2.3.4'],
    ],
    ['6to4 and Teredo', ['2002:7f00:1::', '2002:0a00:1::1', '2002:808:808::1', '2001::1', '2001:0:4136:e378::1']],
    ['translated private addresses', ['64:ff9b::127.0.0.1', '64:ff9b::a00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::8.8.8.8']],
    ['no address', ['', 'localhost', '127.1', '0x7f000001', '2130706433', '1.2.3.4.5', '[::1]', '1.2.3.4/8']],
  ])('refuses %s', (_what, addresses) => {
    expect(reaches(addresses)).toEqual(all(addresses.length, 'never'));
  });

  it('sees the public address behind a translator', () => {
    expect(reaches(['64:ff9b::8.8.8.8', '64:ff9b::14be:a001'])).toEqual(['public', 'public']);
  });
});

describe('AddressRanges', () => {
  it('has what is in one of its ranges, of the same family', () => {
    const ranges = new AddressRanges(['10.20.0.0/16', 'fd12::/16']);
    expect(['10.20.3.4', '10.21.0.1', 'fd12::1', 'fd13::1'].map((each) => ranges.has(each))).toEqual([true, false, true, false]);
    expect(new AddressRanges([]).has('10.0.0.1')).toBe(false);
  });
});
