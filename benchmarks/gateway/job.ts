/** The key of the one client. */
export const clientKey = 'sk-headgate-bench-client-0001'

/** What answers are asked for. */
export type Kind = 'json' | 'sse'

/** One measurement, as the driver is told it. */
export interface Job {
  readonly port: number
  readonly kind: Kind
  readonly connections: number
  /** `json`: how long requests follow each other. */
  readonly forMs: number
  /** `sse`: the time over which the streams begin. */
  readonly spreadMs: number
}

/** What the driver saw. A unit is a request, or a chunk of a stream. */
export interface JobResult {
  units: number
  elapsedMs: number
  /** Of requests: from the first byte sent to the last received. Of chunks: from the upstream's write to here. */
  latenciesMicros: number[]
}
