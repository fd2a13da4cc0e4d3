import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'

/** What a scripted upstream does with the requests of one connection. */
export interface Script {
  /** Written one after the other, each in a turn of its own. */
  readonly says: readonly (string | Uint8Array)[]
  /** After the last of them: closes its side, resets, or leaves the connection open. Default: open. */
  readonly leaves?: 'end' | 'reset' | 'open'
  /** Written again and again, until the other side closes. */
  readonly forEver?: string
}

/** An upstream that says exactly the bytes it is told to, so that no library makes them well-formed. */
export class RawUpstream {
  script: Script = { says: [] }
  connections = 0
  /** Creates alone: not what the gateway deletes of its own accord. */
  requests = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
    server.on('connection', socket => this.#serve(socket))
  }

  static async open(server: Server = createServer()): Promise<RawUpstream> {
    const upstream = new RawUpstream(server)
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return upstream
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #serve(socket: Socket): void {
    this.connections++
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => this.#sockets.delete(socket))
    let text = ''
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const size = requestSize(text)
      if (size === undefined || text.length < size) return
      if (text.startsWith('POST ')) this.requests++
      text = text.slice(size)
      void this.#answer(socket)
    })
  }

  async #answer(socket: Socket): Promise<void> {
    const { says, leaves = 'open', forEver } = this.script
    for (const bytes of says) {
      if (!socket.writable) return
      socket.write(bytes)
      await new Promise(resolve => setImmediate(resolve))
    }
    if (forEver !== undefined) {
      while (!socket.destroyed) {
        socket.write(forEver)
        await new Promise(resolve => setTimeout(resolve, 10))
      }
    }
    if (leaves === 'end') socket.end()
    else if (leaves === 'reset') socket.resetAndDestroy()
  }
}

/** Undefined while the head is not whole. */
function requestSize(text: string): number | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  return end + 4 + Number(/\r\ncontent-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0)
}
