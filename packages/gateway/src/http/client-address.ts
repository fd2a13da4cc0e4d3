import { BlockList, isIP } from 'node:net'
import type { HeaderList } from '../wire/header-list.ts'

/** Whose request it is: the peer of the connection, or who a trusted proxy says it is. */
export type ClientAddress = (peer: string, headers: HeaderList) => string

/** Nobody chains more proxies; what a client wrote further left is not looked at. */
const maxHops = 32

/**
 * Believes `X-Forwarded-For` and `Forwarded` (RFC 7239) only from `trusted` peers (addresses and CIDR ranges,
 * checked before). Each proxy appends whom it heard, so both are read from the right, and the first address that is
 * no trusted proxy is the client's; further left stands only what the client itself may have made up. Where an entry
 * cannot be read, or the two headers disagree, the last proxy that vouched for itself is the answer.
 */
export function createClientAddress(trusted: readonly string[]): ClientAddress {
  const list = new BlockList()
  for (const entry of trusted) allow(list, entry)
  const isTrusted = (address: string): boolean => list.check(address, familyOf(address))

  return (peer, headers) => {
    let client = plainAddress(peer)
    if (isIP(client) === 0 || !isTrusted(client)) return client
    const hops = forwardedHops(headers)
    const last = Math.max(0, hops.length - maxHops)
    for (let i = hops.length - 1; i >= last; i--) {
      const hop = readHop(hops[i]!)
      if (hop === undefined) return client
      client = hop
      if (!isTrusted(client)) return client
    }
    return client
  }
}

function allow(list: BlockList, entry: string): void {
  const [address = '', bits] = entry.split('/')
  if (bits === undefined) list.addAddress(address, familyOf(address))
  else list.addSubnet(address, Number(bits), familyOf(address))
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6')

/** A socket that takes both families shows an IPv4 peer as `::ffff:10.0.0.1`. */
function plainAddress(address: string): string {
  return /^::ffff:\d+\.\d+\.\d+\.\d+$/i.test(address) ? address.slice(7) : address
}

/** Who is named, leftmost first; nobody where one proxy's header would contradict what it let through in the other. */
function forwardedHops(headers: HeaderList): readonly string[] {
  const listed = valuesOf(headers, 'x-forwarded-for')
  const forwarded = valuesOf(headers, 'forwarded').map(forOf)
  if (listed.length === 0) return forwarded
  if (forwarded.length === 0) return listed
  return listed.map(readHop).join() === forwarded.map(readHop).join() ? listed : []
}

/** The comma-separated values of all fields of a name, in order. */
function valuesOf(headers: HeaderList, name: string): string[] {
  const fields = headers.filter(([field]) => field === name).map(([, value]) => value)
  return fields.length === 0 ? [] : fields.join(',').split(',')
}

/** The `for` of one element of `Forwarded`; `''` when it names nobody. */
function forOf(element: string): string {
  const pair = element.split(';').find(part => /^\s*for\s*=/i.test(part))
  return pair === undefined ? '' : pair.slice(pair.indexOf('=') + 1)
}

/** `10.0.0.1`, `10.0.0.1:443`, `2001:db8::1`, `[2001:db8::1]:443`, quoted or not; undefined for anything else. */
function readHop(written: string): string | undefined {
  const text = written.trim().replace(/^"(.*)"$/, '$1')
  const bare =
    /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? /^([\d.]+)(?::\d{1,5})?$/.exec(text)?.[1] ?? text
  const address = plainAddress(bare)
  return isIP(address) === 0 || address.includes('%') ? undefined : address
}
