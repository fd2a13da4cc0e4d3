import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/**
 * Ends a connection with a TCP reset, which no reader can take for the end of a body. Node refuses that of a TLS
 * socket, so it is done to the one beneath, which has no public name; without it the TLS socket is destroyed.
 */
export function resetConnection(socket: Socket): void {
  const carrier = socket instanceof TLSSocket ? (socket as { _parent?: Socket })._parent : socket
  if (carrier === undefined) socket.destroy()
  else carrier.resetAndDestroy()
}
