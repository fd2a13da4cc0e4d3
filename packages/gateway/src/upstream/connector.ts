import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { buildConnector } from 'undici'
import type { EgressProxy, UpstreamTls } from '../wire/upstream.ts'
import { forbiddenAddress, isAddressLiteral } from './forbidden-address.ts'
import { createTunnel } from './tunnel.ts'

/** Resolves a host name to all its addresses, as `dns.lookup` does. */
export type Resolve = (
  hostname: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
) => void

export interface ConnectorOptions {
  readonly allowPrivate: boolean
  readonly connectTimeoutMs: number
  readonly resolve?: Resolve | undefined
  readonly proxy?: EgressProxy | undefined
  readonly tls?: UpstreamTls | undefined
}

/** The code of the error a forbidden connection fails with. */
export const forbiddenAddressCode = 'HEADGATE_FORBIDDEN_ADDRESS'

/** A host led to an address that an upstream without `allowPrivate` must not be reached at. */
export class ForbiddenAddressError extends Error {
  readonly code = forbiddenAddressCode

  constructor(host: string, address: string, why: string) {
    super(
      `${host} leads to ${address}, which is ${why}; set allowPrivate: true on the account if that is intended`,
    )
    this.name = 'ForbiddenAddressError'
  }
}

/**
 * Makes the sockets of one account.
 *
 * The check sits in the resolver that the socket itself uses, so the address that was judged is the address that
 * is connected to: a name that answers differently the second time (DNS rebinding) gains nothing. Of several
 * addresses the forbidden ones are dropped; when none is left, nothing is connected to.
 *
 * Through a proxy it is the proxy that resolves and connects: its address is judged, and of the upstream's only an
 * address that stands in its URL.
 */
export function createConnector(options: ConnectorOptions): buildConnector.connector {
  const { allowPrivate, connectTimeoutMs, resolve = resolveWithSystem, proxy, tls } = options
  const basis = {
    allowH2: false,
    timeout: connectTimeoutMs,
    autoSelectFamily: true,
    lookup: guardedLookup(resolve, allowPrivate),
  }
  const trust = tls?.ca === undefined ? {} : { ca: tls.ca }
  const direct = buildConnector({ ...basis, ...trust, ...identityOf(tls) })
  if (proxy === undefined) return guarded(direct, allowPrivate)
  const toProxy = guarded(buildConnector({ ...basis, ...trust }), allowPrivate)
  const tunnel = createTunnel({ proxy, toProxy, overTunnel: direct, timeoutMs: connectTimeoutMs })
  return guarded(tunnel, allowPrivate)
}

function identityOf({ cert, key, serverName }: UpstreamTls = {}) {
  return {
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  }
}

/** An address that stands in the URL is resolved by nobody, so it is judged before. */
function guarded(connect: buildConnector.connector, allowPrivate: boolean): buildConnector.connector {
  if (allowPrivate) return connect
  return (target, callback) => {
    const host = target.hostname
    const why = isAddressLiteral(host) ? forbiddenAddress(host) : null
    if (why === null) connect(target, callback)
    else callback(new ForbiddenAddressError(host, host, why), null)
  }
}

type LookupCallback = (
  error: NodeJS.ErrnoException | null,
  address: string | LookupAddress[],
  family?: number,
) => void

function guardedLookup(resolve: Resolve, allowPrivate: boolean) {
  return (hostname: string, options: { all?: boolean | undefined }, callback: LookupCallback): void => {
    resolve(hostname, (error, found) => {
      if (error !== null) {
        callback(error, [])
        return
      }
      const addresses = allowPrivate
        ? [...found]
        : found.filter(({ address }) => forbiddenAddress(address) === null)
      const first = addresses[0]
      if (first === undefined) callback(refusal(hostname, found), [])
      else if (options.all === true) callback(null, addresses)
      else callback(null, first.address, first.family)
    })
  }
}

function refusal(hostname: string, found: readonly LookupAddress[]): Error {
  const address = found[0]?.address
  if (address === undefined) return new Error(`${hostname} has no address`)
  return new ForbiddenAddressError(hostname, address, forbiddenAddress(address) ?? 'forbidden')
}

function resolveWithSystem(
  hostname: string,
  callback: (error: Error | null, addresses: readonly LookupAddress[]) => void,
): void {
  systemLookup(hostname, { all: true }, callback)
}
