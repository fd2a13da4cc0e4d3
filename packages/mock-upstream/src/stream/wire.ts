import type { ServerResponse } from 'node:http'

/**
 * Where an answer is written: either one `body`, or `open`, events, `close`. Faults wrap one wire in another.
 * Events are queued until `flush` or `close`, so that what belongs together leaves in one write.
 */
export interface Wire {
  /** A whole answer. `headers` are flat and hold neither content-length nor transfer-encoding. */
  body(status: number, headers: readonly string[], text: string): void
  /** Sends the head of an event stream. */
  open(headers: readonly string[]): void
  /** Queues one event, with its blank line. */
  event(frame: string): void
  /** Sends what is queued. False: the socket is full; go on when `whenRoom` calls. */
  flush(): boolean
  /** Calls once, when the socket has room again; never when the client has gone. */
  whenRoom(callback: () => void): void
  /** Sends what is queued and ends the answer. */
  close(): void
}

/** The wire straight to the client. */
export function createSocketWire(response: ServerResponse): Wire {
  let queued = ''
  return {
    body(status, headers, text) {
      writeBody(response, status, headers, text)
    },
    open(headers) {
      response.writeHead(200, headers as string[])
    },
    event(frame) {
      queued += frame
    },
    flush() {
      if (queued === '') {
        response.flushHeaders()
        return !response.writableNeedDrain
      }
      const frames = queued
      queued = ''
      return response.write(frames)
    },
    whenRoom(callback) {
      response.once('drain', callback)
    },
    close() {
      if (queued === '') response.end()
      else response.end(queued)
      queued = ''
    },
  }
}

/** Head and body in one write; the fast path of every JSON answer. */
export function writeBody(
  response: ServerResponse,
  status: number,
  headers: readonly string[],
  text: string,
): void {
  response.writeHead(status, [...headers, 'content-length', String(Buffer.byteLength(text))])
  response.end(text)
}
