import type { Clock } from '@headgate/scheduler'
import type { Log } from '../runtime/log.ts'
import type { Upstream } from '../wire/upstream.ts'
import type { ClientLookup } from './admission/credentials.ts'
import type { Shedding } from './admission/overload.ts'
import type { PoolAccess } from './pool-access.ts'
import type { AttemptRecord, RequestRecord } from './request-record.ts'

/** Bounds of the data plane; bytes and milliseconds. */
export interface PipelineLimits {
  /** One request body. Default 32 MiB. */
  readonly bodyBytes: number
  /** One upload, which is streamed. Default 512 MiB. */
  readonly uploadBytes: number
  /** All buffered bodies together, requests' and answers'. Default 25 % of the heap. */
  readonly bufferedBytes: number
  /** One event of a stream. Default 1 MiB. */
  readonly eventBytes: number
  /** A JSON answer beyond this is let go before it is complete. Default 8 MiB. */
  readonly jsonBufferBytes: number
  /** How long a stream without a first-token timeout is held back. Default 10 s. */
  readonly holdMs: number
  /** How long a stream that has begun may be silent before the client gets a comment. Undefined: for ever. Default 15 s. */
  readonly keepaliveMs: number | undefined
  /** From a generation's arrival to the end of its answer, at most. Default 1 h. */
  readonly totalMs: number
  /** Attempts of one request. Default 4. */
  readonly attempts: number
  /** Retries as a share of the requests of the last ten seconds. Default 0.2. */
  readonly retryRatio: number
  /** Retries in ten seconds on top. Default 10. */
  readonly retryBurst: number
}

/** The configuration as one value: a reload puts a new one in its place, a request keeps the one it began with. */
export interface PipelineSnapshot {
  readonly clients: ClientLookup
  readonly pools: ReadonlyMap<string, PoolAccess>
}

/** What the pipeline asks of the world. */
export interface PipelineDeps {
  /** The snapshot in force. */
  readonly snapshot: () => PipelineSnapshot
  readonly upstream: Upstream
  readonly clock: Clock
  readonly limits: PipelineLimits
  readonly newRequestId: () => string
  /** Says whether new work is turned away; absent: never. */
  readonly shedding?: Shedding | undefined
  /** Throws while nothing can be bound, so that no answer is asked for whose id could not be told; absent: never. */
  readonly checkBindings?: (() => void) | undefined
  /** Hears of every attempt when its account has been chosen, before anything is sent. What it throws is logged. */
  readonly onAttempt?: ((attempt: AttemptRecord) => void) | undefined
  /** Hears of every request when it is over. What it throws is logged. */
  readonly onRequest?: (record: RequestRecord) => void
  readonly log: Log
}
