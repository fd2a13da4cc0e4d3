import type { Exchange } from '../exchange.ts'
import type { Wire } from '../stream/wire.ts'
import type { SlowDripFault } from './fault.ts'

/** Sends the body a few bytes at a time. The endpoint sees a full socket until everything queued has dripped out. */
export function slowDrip(exchange: Exchange, fault: SlowDripFault): Wire {
  const { response } = exchange
  const drops = createDrops(exchange, fault)
  return {
    body(status, headers, text) {
      response.writeHead(status, [...headers, 'content-length', String(Buffer.byteLength(text))])
      drops.add(text)
      drops.whenDry(() => response.end())
    },
    open(headers) {
      response.writeHead(200, headers as string[])
    },
    event: frame => drops.add(frame),
    flush: () => drops.areDry(),
    whenRoom: callback => drops.whenDry(callback),
    close: () => drops.whenDry(() => response.end()),
  }
}

/** Bytes that leave at the fault's pace. */
function createDrops(exchange: Exchange, { bytesPerWrite, everyMs }: SlowDripFault) {
  let queue: Buffer = Buffer.alloc(0)
  let dripping = false
  let onDry: (() => void) | null = null
  const drip = () => {
    dripping = queue.length > 0
    if (dripping) {
      exchange.response.write(queue.subarray(0, bytesPerWrite))
      queue = queue.subarray(bytesPerWrite)
      exchange.after(everyMs, drip)
      return
    }
    const waiting = onDry
    onDry = null
    waiting?.()
  }
  return {
    add(text: string) {
      queue = Buffer.concat([queue, Buffer.from(text)])
    },
    /** Starts what waits; true when nothing does. */
    areDry() {
      if (!dripping && queue.length > 0) drip()
      return !dripping
    },
    whenDry(callback: () => void) {
      onDry = callback
      if (!dripping) drip()
    },
  }
}
