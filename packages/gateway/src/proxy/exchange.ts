import type { BodyStream } from '../wire/body-stream.ts'
import type { HeaderList } from '../wire/header-list.ts'
import type { GatewayError } from './errors/errors.ts'

/**
 * A client's request as the pipeline sees it. The pipeline knows no server: `node:http`, a WebSocket frame and the
 * in-process fetch all present themselves this way.
 */
export interface Inbound {
  readonly method: string
  /** The request target exactly as it came: path and query, undecoded. */
  readonly target: string
  readonly headers: HeaderList
  readonly remoteAddress: string
  /** Milliseconds on the monotonic clock when the head was complete. */
  readonly receivedAtMs: number
  /**
   * The whole body, at most `limitBytes`; rejects with a `GatewayError` (`body_too_large`, `truncated_body`,
   * `body_timeout`) or, when the client left, with the signal's reason. `onBytes` hears how many more came before they
   * are kept: what it throws ends the reading. Called at most once.
   */
  readBody(limitBytes: number, onBytes?: (bytes: number) => void): Promise<Uint8Array>
  /**
   * The body as it arrives, at most `limitBytes`; throws what `readBody` rejects with, at once or while it is
   * iterated. In the place of `readBody`.
   */
  openBody(limitBytes: number): BodyStream
  /** Nobody will take the rest of the body: its reading fails with this reason, now or when it would begin. */
  failBody(reason: GatewayError): void
  /** Aborted when the client is gone before its answer is complete. */
  readonly signal: AbortSignal
}

/** The client's side of the answer. After `end` or `destroy` every method does nothing. */
export interface Outbound {
  /** Sends the head. At most once. */
  begin(status: number, headers: HeaderList): void
  readonly begun: boolean
  /** Sends bytes; false means the client reads too slowly: stop until `onDrain`. */
  write(chunk: Uint8Array): boolean
  /** Called whenever a `write` that answered false has been drained. One listener; the last one set counts. */
  onDrain(listener: () => void): void
  end(): void
  /** Cuts the connection, so that the client cannot mistake a broken body for a whole one. */
  destroy(): void
}
