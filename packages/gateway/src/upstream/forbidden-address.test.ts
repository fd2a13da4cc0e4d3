import { lookup } from 'node:dns'
import { describe, expect, it } from 'vitest'
import { forbiddenAddress, isAddressLiteral } from './forbidden-address.ts'

const forbidden: readonly string[] = [
  // Loopback and unspecified.
  '127.0.0.1',
  '127.1.2.3',
  '127.255.255.254',
  '::1',
  '0:0:0:0:0:0:0:1',
  '0.0.0.0',
  '0.1.2.3',
  '::',
  // Private, link-local, CGNAT, unique local.
  '10.0.0.1',
  '10.255.255.255',
  '172.16.0.1',
  '172.31.255.255',
  '192.168.0.1',
  '192.168.255.255',
  '169.254.0.1',
  '169.254.169.254',
  '100.64.0.1',
  '100.127.255.255',
  'fc00::1',
  'fd00:ec2::254',
  'fdff:ffff::1',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fec0::1',
  // IPv4 inside IPv6.
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:10.0.0.1',
  '::ffff:169.254.169.254',
  '::FFFF:A9FE:A9FE',
  '0:0:0:0:0:ffff:c0a8:1',
  '::ffff:0:127.0.0.1',
  '::127.0.0.1',
  '::7f00:1',
  '::a00:1',
  '64:ff9b::7f00:1',
  '64:ff9b::127.0.0.1',
  '64:ff9b::a9fe:a9fe',
  '64:ff9b::10.0.0.1',
  '64:ff9b:1::1',
  '2002:7f00:1::',
  '2002:a9fe:a9fe::1',
  '2002:0a00:0001::',
  '2002:c0a8:0101:1:2:3:4:5',
  '2001:0:4136:e378:8000:63bf:3fff:fdd2',
  // Multicast, broadcast, reserved, documentation.
  '224.0.0.1',
  '239.255.255.250',
  '255.255.255.255',
  '240.0.0.1',
  'ff02::1',
  'ff0e::1',
  '192.0.0.8',
  '192.0.2.1',
  '198.18.0.1',
  '198.19.255.255',
  '198.51.100.1',
  '203.0.113.1',
  '192.88.99.1',
  '100::1',
  '2001:db8::1',
  '3fff::1',
  // No addresses at all: whoever asks has not resolved yet.
  'localhost',
  '127.1',
  '2130706433',
  '',
]

const allowed: readonly string[] = [
  '8.8.8.8',
  '1.1.1.1',
  '172.15.255.255',
  '172.32.0.1',
  '100.63.255.255',
  '100.128.0.1',
  '169.253.255.255',
  '192.167.255.255',
  '11.0.0.1',
  '223.255.255.255',
  '2606:4700::1111',
  '2a00:1450:4001:81b::200e',
  '::ffff:8.8.8.8',
  '64:ff9b::8.8.8.8',
  '2002:808:808::1',
]

describe('forbiddenAddress', () => {
  it.each(forbidden)('refuses %s', address => {
    expect(forbiddenAddress(address)).toEqual(expect.any(String))
  })

  it.each(allowed)('allows %s', address => {
    expect(forbiddenAddress(address)).toBeNull()
  })

  const spellings = [
    '127.1',
    '0x7f.1',
    '0x7f000001',
    '2130706433',
    '017700000001',
    '0177.0.0.1',
    '0',
    'localhost',
  ]
  it.each(spellings)('refuses what the resolver makes of %s', async spelling => {
    const addresses = await new Promise<readonly string[]>(resolve =>
      lookup(spelling, { all: true }, (error, found) => resolve(error ? [] : found.map(one => one.address))),
    )
    expect(addresses.filter(address => forbiddenAddress(address) === null)).toEqual([])
  })

  it('judges what a URL makes of a spelling', () => {
    for (const host of ['127.1', '0x7f.1', '2130706433', '１２７.０.０.１', '[::ffff:7f00:1]', '[::1]']) {
      const bare = new URL(`http://${host}/`).hostname.replace(/^\[|\]$/g, '')
      expect(isAddressLiteral(bare)).toBe(true)
      expect(forbiddenAddress(bare)).not.toBeNull()
    }
  })
})
