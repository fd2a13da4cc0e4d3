import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** What came back over a socket until the peer closed it, or until the caller had enough. */
export interface RawAnswer {
  readonly text: string
  readonly status: number
  /** Undefined where the body is no JSON. */
  readonly json:
    | { error: { code: string | null; message: string; type: string }; request_id: string }
    | undefined
  readonly closed: boolean
}

/** A client that sends exactly the bytes it is told to, so that no library mends them on the way. */
export class RawClient {
  readonly socket: Socket
  #text = ''
  #closed = false
  #changed: () => void = () => {}

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', chunk => {
      this.#text += chunk.toString('latin1')
      this.#changed()
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#closed = true
      this.#changed()
    })
    socket.on('end', () => this.#changed())
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  send(bytes: string | Uint8Array): this {
    if (this.socket.writable) this.socket.write(bytes)
    return this
  }

  /** Waits until what has come satisfies the test, or the server has ended its side. */
  async until(test: (text: string) => boolean): Promise<RawAnswer> {
    while (!test(this.#text) && !this.#closed && !this.socket.readableEnded) {
      await new Promise<void>(resolve => {
        this.#changed = resolve
      })
    }
    return this.#answer()
  }

  /** Waits for the first final answer, to the end of its body. */
  whole(): Promise<RawAnswer> {
    return this.until(isWhole)
  }

  /** Waits for the end of the server's side. */
  untilClosed(): Promise<RawAnswer> {
    return this.until(() => false)
  }

  close(): void {
    this.socket.destroy()
  }

  #answer(): RawAnswer {
    const text = this.#text
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0)
    return { text, status, json: parseBody(text), closed: this.#closed || this.socket.readableEnded }
  }
}

const finalHead = /HTTP\/1\.1 [2-5]\d\d [\s\S]*?\r\n\r\n/

function isWhole(text: string): boolean {
  const head = finalHead.exec(text)
  if (head === null) return false
  const bodyBytes = text.length - head.index - head[0].length
  const length = /\r\ncontent-length: (\d+)/i.exec(head[0])?.[1]
  return length === undefined ? text.endsWith('0\r\n\r\n') : bodyBytes >= Number(length)
}

function parseBody(text: string): RawAnswer['json'] {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4)
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
