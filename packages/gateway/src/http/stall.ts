import type { Socket } from 'node:net'
import type { Clock } from '@headgate/scheduler'

/** Looks in one stall time: how finely it is measured. */
const looks = 4

/**
 * Destroys a socket that accepts none of the bytes waiting for it for `stalledReaderMs`, and at most a quarter of
 * that longer; the answer cancels.
 *
 * Progress is any change of what is queued, so that a slow reader lives and one that has stopped does not. Bytes
 * arriving from the client are no progress: a peer that never reads could otherwise keep itself alive by sending.
 */
export function watchStall(socket: Socket, clock: Clock, stalledReaderMs: number): () => void {
  let queued = queuedBytes(socket)
  let inVain = 0
  const look = (): void => {
    const now = queuedBytes(socket)
    inVain = now === queued ? inVain + 1 : 0
    if (inVain === looks) {
      socket.destroy()
      return
    }
    queued = now
    cancel = clock.schedule(stalledReaderMs / looks, look)
  }
  let cancel = clock.schedule(stalledReaderMs / looks, look)
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
