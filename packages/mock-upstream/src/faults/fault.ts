/**
 * The ways in which an upstream can fail. Every fault may carry `delayMs`, a wait before it (and the head) begins.
 * "Event" means one SSE event; a JSON reply counts as a single event. Bytes are those of the body.
 */
export type Fault = (
  | StatusFault
  | DelayFault
  | StallFault
  | CutFault
  | ErrorInside200Fault
  | BlackHoleFault
  | MalformedFault
  | EmptyFault
  | RedirectFault
  | GarbageAfterEndFault
  | SlowDripFault
  | HugeEventFault
  | HugeHeadersFault
) & { readonly delayMs?: number }

/** Names of the faults. */
export type FaultKind = Fault['kind']

/** An answer with this status. Without `body`, the error body that OpenAI sends for it, which the other fields adjust. */
export interface StatusFault {
  readonly kind: 'status'
  readonly status: number
  readonly code?: string
  readonly type?: string
  readonly message?: string
  /** Sent as `retry-after` (whole seconds, rounded up) and `retry-after-ms`. */
  readonly retryAfterMs?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A string goes out as it is (`text/plain` unless `headers` say otherwise), anything else as JSON. */
  readonly body?: unknown
}

/** Nothing but `delayMs`: the normal answer, late. */
export interface DelayFault {
  readonly kind: 'delay'
}

/** The head and what comes before the place, then silence with the socket open. Default place: right after the head. */
export interface StallFault extends Place {
  readonly kind: 'stall'
}

/** The socket is destroyed at the place; with no place given, before anything was answered. */
export interface CutFault extends Place {
  readonly kind: 'cut'
  /** With `afterEvents`: half of the next event goes out too. */
  readonly midEvent?: boolean
  /** `end`: a clean TCP close (default). `reset`: RST, which may also destroy bytes on their way. */
  readonly how?: 'end' | 'reset'
}

/** An error where success was announced: an event of a stream, or the body of a JSON reply, with status 200. */
export interface ErrorInside200Fault {
  readonly kind: 'errorInside200'
  /**
   * In a Responses stream: `failed` is `response.failed` (default), `error` the flat `error` event, `nestedError` one
   * with the error nested, `errorThenFailed` both, as live rate limits were recorded. JSON: `failed` is a response
   * object with that status, the others an error body. Chat and embeddings know only `{"error": ...}`.
   */
  readonly as?: 'failed' | 'error' | 'nestedError' | 'errorThenFailed'
  /** Default `server_error`. */
  readonly code?: string
  readonly message?: string
  /** Events that go out before it. Default 0. */
  readonly afterEvents?: number
}

/** The request is read and never answered. */
export interface BlackHoleFault {
  readonly kind: 'blackHole'
}

/** `notJson`: one event (or the JSON body) is not JSON. `html`: 200 with a page, as a captive portal would answer. */
export interface MalformedFault {
  readonly kind: 'malformed'
  readonly shape: 'notJson' | 'html'
  /** `notJson`: events that go out before it. Default 0. */
  readonly afterEvents?: number
}

/** 200 and an event stream that ends at once; for a JSON request, 200 with an empty body. */
export interface EmptyFault {
  readonly kind: 'empty'
}

/** A redirect, which nobody may follow with credentials. */
export interface RedirectFault {
  readonly kind: 'redirect'
  readonly location: string
  /** Default 302. */
  readonly status?: number
}

/** The normal answer, then more. */
export interface GarbageAfterEndFault {
  readonly kind: 'garbageAfterEnd'
  /** `body`: further bytes of the same body. `socket`: bytes after the end of the HTTP message. Default `body`. */
  readonly where?: 'body' | 'socket'
  readonly text?: string
}

/** The normal body, a few bytes at a time, whatever the event boundaries. */
export interface SlowDripFault {
  readonly kind: 'slowDrip'
  readonly bytesPerWrite: number
  readonly everyMs: number
}

/** One event is replaced by a delta of this many megabytes in a single line; a JSON body is padded with spaces. */
export interface HugeEventFault {
  readonly kind: 'hugeEvent'
  readonly megabytes: number
  /** Events that go out before it. Default: those before the first delta. */
  readonly afterEvents?: number
}

/** The normal answer with this many kilobytes of extra headers. */
export interface HugeHeadersFault {
  readonly kind: 'hugeHeaders'
  readonly kilobytes: number
}

/** Where in a body: after so many whole events, or after so many bytes. Give one. */
export interface Place {
  readonly afterEvents?: number
  readonly afterBytes?: number
}
