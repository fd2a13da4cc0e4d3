import type { Socket } from 'node:net'
import type { Clock } from '@headgate/scheduler'

/**
 * Destroys a socket that accepts none of the bytes waiting for it for `stalledReaderMs`; the answer cancels.
 *
 * Progress is any change of what is queued, so that a slow reader lives and one that has stopped does not. Bytes
 * arriving from the client are no progress: a peer that never reads could otherwise keep itself alive by sending.
 */
export function watchStall(socket: Socket, clock: Clock, stalledReaderMs: number): () => void {
  let queued = queuedBytes(socket)
  const look = (): void => {
    const now = queuedBytes(socket)
    if (now === queued) {
      socket.destroy()
      return
    }
    queued = now
    cancel = clock.schedule(stalledReaderMs, look)
  }
  let cancel = clock.schedule(stalledReaderMs, look)
  return () => cancel()
}

/**
 * `writableLength` falls only when a whole write is done; libuv's own queue, which Node's socket timeout reads as
 * well, also shows a part of one.
 */
function queuedBytes(socket: Socket): number {
  const handle = (socket as { _handle?: { writeQueueSize?: number } | null })._handle
  return handle?.writeQueueSize ?? socket.writableLength
}
