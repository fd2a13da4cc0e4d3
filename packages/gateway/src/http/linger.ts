import type { Socket } from 'node:net'
import type { Clock } from '@headgate/scheduler'

/**
 * Makes the end of this connection gentle: its last answer is sent, then whatever the client still sends is read
 * and thrown away for at most `lingerMs`.
 *
 * Closing a socket with unread bytes resets the connection, and a reset takes the answer out of the client's
 * receive buffer: a client that uploads too much would see a broken connection instead of the 413 that says why
 * (the "lingering close" of nginx and Apache). Node closes through `destroySoon`, which is therefore replaced.
 */
export function lingerBeforeClose(socket: Socket, clock: Clock, lingerMs: number): void {
  let begun = false
  socket.destroySoon = () => {
    if (begun) return
    begun = true
    socket.end()
    const cancel = clock.schedule(lingerMs, () => socket.destroy())
    socket.once('close', cancel)
  }
}
