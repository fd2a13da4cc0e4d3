import { type buildConnector, Client } from 'undici'
import type { EgressProxy } from '../wire/upstream.ts'

/** What a tunnel is made of. */
export interface TunnelOptions {
  readonly proxy: EgressProxy
  /** Makes the connection to the proxy, and is where its address is judged. */
  readonly toProxy: buildConnector.connector
  /** Speaks TLS with the upstream over the tunnel. */
  readonly overTunnel: buildConnector.connector
  /** For the proxy to answer CONNECT, connecting to it included. */
  readonly timeoutMs: number
}

/** The code of the error a tunnel that was not made fails with. */
export const proxyRefusedCode = 'HEADGATE_PROXY_REFUSED'

/** The proxy would not, or could not, open a tunnel; told from a fixed list and a status. */
class ProxyRefusedError extends Error {
  readonly code = proxyRefusedCode

  constructor(why: string) {
    super(`the egress proxy ${why}`)
    this.name = 'ProxyRefusedError'
  }
}

/** The connection to the proxy failed, not the one to the upstream. */
export class ProxyConnectError extends Error {
  readonly code: string

  constructor(cause: NodeJS.ErrnoException) {
    super(cause.message, { cause })
    this.code = cause.code ?? ''
  }
}

/**
 * Makes an account's sockets through its HTTP proxy: one CONNECT for each, whatever the scheme of the upstream, so that
 * the proxy sees a host and a port, never a request or a credential of the upstream's, and connections are pooled as if
 * they were direct ones. The proxy's own credential travels in the CONNECT alone. The proxy resolves the host's name.
 */
export function createTunnel(options: TunnelOptions): buildConnector.connector {
  return (target, callback) => {
    const { hostname, protocol } = target
    const port = target.port || (protocol === 'https:' ? '443' : '80')
    openTunnel(options, `${hostname}:${port}`).then(
      socket => {
        if (protocol === 'https:') options.overTunnel({ ...target, httpSocket: socket }, callback)
        else callback(null, socket)
      },
      (error: Error) => callback(error, null),
    )
  }
}

type Socket = NonNullable<buildConnector.Options['httpSocket']>

/** A client of its own for every tunnel: its only connection becomes the tunnel. */
async function openTunnel({ proxy, toProxy, timeoutMs }: TunnelOptions, authority: string): Promise<Socket> {
  let connectError: Error | undefined
  const client = new Client(proxy.origin, {
    allowH2: false,
    connect: (target, callback) =>
      toProxy(target, (...[error, socket]) => {
        if (error === null) return callback(null, socket)
        connectError = new ProxyConnectError(error)
        callback(connectError, null)
      }),
  })
  try {
    const { statusCode, socket } = await client.connect({
      path: authority,
      headers: {
        host: authority,
        ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }),
      },
      signal: AbortSignal.timeout(timeoutMs),
    })
    void client.close()
    if (statusCode === 200) return socket as Socket
    socket.destroy()
    throw new ProxyRefusedError(
      statusCode === 407 ? 'refuses its credentials (407)' : `answers ${statusCode}`,
    )
  } catch (error) {
    await client.destroy()
    throw connectError ?? refusal(error)
  }
}

function refusal(error: unknown): Error {
  if (error instanceof ProxyRefusedError) return error
  if (error instanceof Error && error.name === 'TimeoutError') return new ProxyRefusedError('does not answer')
  return new ProxyRefusedError('ends the connection instead of opening a tunnel')
}
