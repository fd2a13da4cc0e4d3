import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net'

/** IPv4 ranges that are not the public internet, with what they are called in errors. IANA special-purpose registry. */
const forbidden4: readonly (readonly [net: string, prefix: number, name: string])[] = [
  ['0.0.0.0', 8, 'unspecified'],
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'carrier-grade NAT'],
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'link-local'],
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'protocol assignment'],
  ['192.0.2.0', 24, 'documentation'],
  ['192.88.99.0', 24, '6to4 relay'],
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'benchmarking'],
  ['198.51.100.0', 24, 'documentation'],
  ['203.0.113.0', 24, 'documentation'],
  ['224.0.0.0', 4, 'multicast'],
  ['240.0.0.0', 4, 'reserved or broadcast'],
]

/** IPv6 ranges, the same way. Ranges that embed an IPv4 address are judged by that address instead. */
const forbidden6: readonly (readonly [net: string, prefix: number, name: string])[] = [
  ['::', 128, 'unspecified'],
  ['::1', 128, 'loopback'],
  ['64:ff9b:1::', 48, 'local-use NAT64'],
  ['100::', 64, 'discard-only'],
  ['2001::', 32, 'Teredo'],
  ['2001:db8::', 32, 'documentation'],
  ['3fff::', 20, 'documentation'],
  ['5f00::', 16, 'segment routing'],
  ['fc00::', 7, 'unique local'],
  ['fe80::', 10, 'link-local'],
  ['fec0::', 10, 'site-local'],
  ['ff00::', 8, 'multicast'],
]

const lists4 = forbidden4.map(([net, prefix, name]) => [listOf(net, prefix, 'ipv4'), name] as const)
const lists6 = forbidden6.map(([net, prefix, name]) => [listOf(net, prefix, 'ipv6'), name] as const)

/**
 * Says why an address must not be connected to on behalf of a public upstream, or null when it may.
 *
 * Takes an address literal as the resolver returned it, never a host name: names and spellings (`127.1`,
 * `0x7f.1`, `localhost.`) are the resolver's business, and what is judged here is what is connected to. IPv4
 * addresses inside IPv6 (mapped, compatible, NAT64, 6to4) count as themselves. Anything that is no address is
 * forbidden.
 */
export function forbiddenAddress(address: string): string | null {
  const zone = address.indexOf('%')
  const bare = zone === -1 ? address : address.slice(0, zone)
  if (isIPv4(bare)) return nameIn(lists4, bare, 'ipv4')
  if (!isIPv6(bare)) return 'not an address'
  const named = nameIn(lists6, bare, 'ipv6')
  if (named !== null) return named
  const embedded = embeddedIPv4(expand(bare))
  if (embedded === null) return null
  const inner = nameIn(lists4, embedded, 'ipv4')
  return inner === null ? null : `${inner} (${embedded} inside an IPv6 address)`
}

/** True when a host in a URL is an address literal, brackets or not. */
export function isAddressLiteral(host: string): boolean {
  return isIP(host) !== 0
}

function listOf(net: string, prefix: number, family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList()
  list.addSubnet(net, prefix, family)
  return list
}

function nameIn(
  lists: readonly (readonly [BlockList, string])[],
  address: string,
  family: 'ipv4' | 'ipv6',
): string | null {
  for (const [list, name] of lists) if (list.check(address, family)) return name
  return null
}

/** The eight groups of a valid IPv6 address; a dotted tail becomes two of them. */
function expand(address: string): number[] {
  const dotted = /(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address)
  const text =
    dotted === null
      ? address
      : address.slice(0, dotted.index) +
        [(Number(dotted[1]) << 8) | Number(dotted[2]), (Number(dotted[3]) << 8) | Number(dotted[4])]
          .map(group => group.toString(16))
          .join(':')
  const [left = '', right] = text.split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  const zeros = right === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill('0')
  return [...head, ...zeros, ...tail].map(group => Number.parseInt(group, 16))
}

/**
 * The IPv4 address an IPv6 address leads to: mapped `::ffff:a.b.c.d`, translated `::ffff:0:a.b.c.d`, compatible
 * `::a.b.c.d`, NAT64 `64:ff9b::a.b.c.d`, 6to4 `2002:aabb:ccdd::`.
 */
function embeddedIPv4(groups: readonly number[]): string | null {
  if (groups[0] === 0x2002) return dotted(groups[1]!, groups[2]!)
  const low = (): string => dotted(groups[6]!, groups[7]!)
  if (groups[0] === 0x64 && groups[1] === 0xff9b && groups.slice(2, 6).every(group => group === 0))
    return low()
  if (groups.slice(0, 4).some(group => group !== 0)) return null
  const [, , , , fifth, sixth] = groups
  const embeds = (fifth === 0 && (sixth === 0 || sixth === 0xffff)) || (fifth === 0xffff && sixth === 0)
  return embeds ? low() : null
}

function dotted(high: number, low: number): string {
  return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`
}
