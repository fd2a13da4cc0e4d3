/** What the server grants a connection and a request. Instants are durations in milliseconds. */
export interface HttpLimits {
  /** All header fields of a request together; more is answered 431. */
  readonly maxHeaderBytes: number
  /** Number of header fields; more is answered 431. Node alone drops the surplus in silence. */
  readonly maxHeaderFields: number
  /** From the first moment of a request (or a connection) to the end of its header; longer is answered 408. */
  readonly headersTimeoutMs: number
  /** A body must bring at least `bodyMinBytes` (or its end) in every window of this length; else 408. */
  readonly bodyWindowMs: number
  readonly bodyMinBytes: number
  /** How long an idle connection stays open: above the idle time of a front proxy, or it meets closed sockets. */
  readonly keepAliveTimeoutMs: number
  /** A client that takes none of the bytes waiting for it for this long is cut off. */
  readonly stalledReaderMs: number
  /** How often header deadlines are checked; they are late by at most this much. */
  readonly checkIntervalMs: number
  /** Connections at once; further ones are closed on arrival. */
  readonly maxConnections: number
  /** Requests of one connection in progress at once; the next is answered 429 and the connection closed. */
  readonly maxPipelined: number
  /**
   * After an answer that came before the end of the body, how long the rest of the body is read and thrown away:
   * closing at once would reset the connection and take the answer from the client.
   */
  readonly lingerMs: number
}

/** Defaults of {@link HttpLimits}. */
export const defaultHttpLimits: HttpLimits = {
  maxHeaderBytes: 32 * 1024,
  maxHeaderFields: 100,
  headersTimeoutMs: 10_000,
  bodyWindowMs: 30_000,
  bodyMinBytes: 1024,
  keepAliveTimeoutMs: 75_000,
  stalledReaderMs: 60_000,
  checkIntervalMs: 1000,
  maxConnections: 10_000,
  maxPipelined: 16,
  lingerMs: 2000,
}
