// Which addresses count as outside: every spelling of an inside one is inside.

import { classifyAddress, unmapAddress } from '#gate/connections/address-class.ts';

test.each([
  ['93.184.216.34', 'public'],
  ['2606:2800:220:1:248:1893:25c8:1946', 'public'],
  ['172.32.0.1', 'public'],
  ['127.0.0.1', 'loopback'],
  ['127.255.255.254', 'loopback'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'loopback'],
  ['::ffff:7f00:1', 'loopback'],
  ['0:0:0:0:0:ffff:7f00:0001', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.168.0.1', 'private'],
  ['100.64.0.1', 'private'],
  ['fd12:3456::1', 'private'],
  ['::ffff:10.0.0.1', 'private'],
  ['0.0.0.0', 'reserved'],
  ['::', 'reserved'],
  ['169.254.169.254', 'reserved'],
  ['fe80::1%eth0', 'reserved'],
  ['224.0.0.1', 'reserved'],
  ['255.255.255.255', 'reserved'],
  ['64:ff9b::7f00:1', 'reserved'],
  ['2002:7f00:1::', 'reserved'],
  ['2001:0:7f00:1::', 'reserved'],
  ['2001:db8::1', 'reserved'],
  ['3fff::1', 'reserved'],
  ['3fff:fff:ffff::1', 'reserved'],
  ['3fff:1000::1', 'public'],
  ['::127.0.0.1', 'reserved'],
  ['::7f00:1', 'reserved'],
  ['::ffff:0:127.0.0.1', 'reserved'],
  ['100::1', 'reserved'],
  ['1fff::1', 'reserved'],
  ['4000::1', 'reserved'],
  ['5f00::1', 'reserved'],
  ['ff02::1', 'reserved'],
  ['2a00:1450:4001:80b::200e', 'public'],
  ['not an address', 'reserved'],
  ['127.1', 'reserved'],
])('%s is %s', (address, kind) => {
  expect(classifyAddress(address)).toBe(kind);
});

test('an address in IPv6 clothes is the IPv4 address', () => {
  expect(unmapAddress('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(unmapAddress('::ffff:c000:201')).toBe('192.0.2.1');
  expect(unmapAddress('2001:db8::1')).toBe('2001:db8::1');
});
