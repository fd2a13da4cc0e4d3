import { connect, type Socket } from 'node:net'
import type { MockUpstream } from '../src/index.ts'

/** What came back on a socket, byte for byte. */
export interface RawAnswer {
  readonly text: string
  /** The error the socket ended with, such as ECONNRESET; null after a clean close. */
  readonly error: string | null
}

export const KEY = 'sk-test-0123456789'

/** Opens a socket and sends one POST. */
export function post(upstream: MockUpstream, path: string, body: object, key = KEY): Socket {
  const socket = connect(upstream.port, '127.0.0.1')
  socket.setEncoding('latin1')
  socket.write(postText(path, body, key))
  return socket
}

/** One POST as bytes of HTTP. */
export function postText(path: string, body: object, key = KEY): string {
  const text = JSON.stringify(body)
  return (
    `POST ${path} HTTP/1.1\r\nhost: mock\r\nauthorization: Bearer ${key}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  )
}

/** Reads until the mock closes the socket. */
export async function readToClose(socket: Socket): Promise<RawAnswer> {
  let text = ''
  let error: string | null = null
  socket.on('data', chunk => {
    text += chunk
  })
  socket.on('error', cause => {
    error = (cause as NodeJS.ErrnoException).code ?? cause.message
  })
  await new Promise(resolve => socket.once('close', resolve))
  return { text, error }
}

/** Reads until the text satisfies `enough`, and leaves the socket open. */
export function readUntil(socket: Socket, enough: (text: string) => boolean): Promise<string> {
  let text = ''
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`The socket closed after: ${text}`)))
    const onData = (chunk: string | Buffer) => {
      text += chunk
      if (!enough(text)) return
      socket.off('data', onData)
      resolve(text)
    }
    socket.on('data', onData)
  })
}

/** The body of a raw answer: decoded from chunks when there are any. A cut chunk gives what came of it. */
export function bodyOf(answer: string): string {
  const split = answer.indexOf('\r\n\r\n')
  const head = answer.slice(0, split)
  let rest = answer.slice(split + 4)
  if (!/transfer-encoding: chunked/i.test(head)) return rest
  let body = ''
  for (;;) {
    const lineEnd = rest.indexOf('\r\n')
    const size = Number.parseInt(rest.slice(0, lineEnd), 16)
    if (!(size > 0)) return body
    body += rest.slice(lineEnd + 2, lineEnd + 2 + size)
    rest = rest.slice(lineEnd + 2 + size + 2)
  }
}

/** The types of the events of a Responses stream. */
export function eventTypes(body: string): string[] {
  return [...body.matchAll(/^event: (.*)$/gm)].map(match => match[1]!)
}

/** Lets the event loop turn until `condition` holds; every turn delivers what the sockets have. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}
