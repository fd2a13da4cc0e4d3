import type { Socket } from 'node:net'
import type { HttpExchange } from './exchange.ts'

/** What the server knows of one connection. */
export interface Connection {
  /** In the order of their requests; more than one only when the client pipelines. */
  readonly running: HttpExchange[]
  /** No further request of this connection is taken, and it closes after the last answer. */
  closing: boolean
}

const connections = new WeakMap<Socket, Connection>()

/** The record of a connection, made when it is first asked for. */
export function connectionOf(socket: Socket): Connection {
  let connection = connections.get(socket)
  if (connection === undefined) {
    connection = { running: [], closing: false }
    connections.set(socket, connection)
  }
  return connection
}
