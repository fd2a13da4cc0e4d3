import { BlockList, isIP } from 'node:net'

/** What a host literal says about where it leads; a name that has to be resolved is `public` here. */
export type AddressClass =
  | 'public'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'metadata'
  | 'unspecified'
  | 'embedding'

/**
 * RFC 6890's special-purpose ranges by what an operator would call them, most telling first. `embedding` are
 * the IPv6 ranges that carry an IPv4 address inside (NAT64, 6to4, Teredo): no API lives there, but every
 * private one can be spelled with them.
 */
const ranges: readonly (readonly [AddressClass, readonly string[]])[] = [
  ['metadata', ['169.254.169.254/32', '169.254.170.2/32', '100.100.100.200/32', 'fd00:ec2::254/128']],
  ['unspecified', ['0.0.0.0/8', '::/128']],
  ['loopback', ['127.0.0.0/8', '::1/128']],
  ['link-local', ['169.254.0.0/16', 'fe80::/10']],
  [
    'private',
    [
      ...['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '192.0.0.0/24', '198.18.0.0/15'],
      ...['192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
      ...['fc00::/7', 'fec0::/10', 'ff00::/8', '2001:db8::/32', '100::/64'],
    ],
  ],
  ['embedding', ['64:ff9b::/96', '64:ff9b:1::/48', '2002::/16', '2001::/32']],
]

const lists = ranges.map(([kind, blocks]) => {
  const list = new BlockList()
  for (const block of blocks) {
    const [network, bits] = block.split('/')
    list.addSubnet(network!, Number(bits), network!.includes(':') ? 'ipv6' : 'ipv4')
  }
  return [kind, list] as const
})

/**
 * Classifies the host of a URL as `new URL(…).hostname` gives it (IPv4 tricks such as 0x7f.1 are already
 * undone there; IPv6 stands in brackets). IPv4-mapped IPv6 is classified as its IPv4 address. A trailing dot is
 * ignored. Says nothing about what a name resolves to: that is checked when connecting.
 */
export function classifyHost(hostname: string): AddressClass {
  const host = hostname
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
  if (host === 'localhost' || host.endsWith('.localhost')) return 'loopback'
  if (host === 'metadata.google.internal') return 'metadata'
  const version = isIP(host)
  if (version === 0) return 'public'
  const family = version === 4 ? 'ipv4' : 'ipv6'
  return lists.find(([, list]) => list.check(host, family))?.[0] ?? 'public'
}
