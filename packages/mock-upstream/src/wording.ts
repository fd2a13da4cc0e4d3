import { errorBody } from './errors.ts'
import type { ErrorInside200Fault } from './faults/fault.ts'
import { sseFrame } from './stream/sse-frame.ts'

/** How an endpoint words what faults put into its answers. */
export interface Wording {
  /** Events (in a stream) that report an error inside 200, the first at this sequence number. */
  errorEvents(fault: ErrorInside200Fault, sequence: number): string[]
  /** The same as a JSON body. */
  errorJson(fault: ErrorInside200Fault): string
  /** An event with this text as its delta. */
  deltaEvent(text: string, sequence: number): string
  /** Index of the first event with a delta. */
  readonly firstDelta: number
}

/** The message of an error inside 200 that brings none. */
export const DEFAULT_FAULT_MESSAGE =
  'The server had an error while processing your request. Sorry about that!'

/** Everything but Responses: `{"error": {...}}`, in a stream as an event without a name, as chat has it. */
export const plainWording: Wording = {
  errorJson: faultBody,
  errorEvents: fault => [sseFrame(faultBody(fault))],
  deltaEvent: text => sseFrame(JSON.stringify({ choices: [{ index: 0, delta: { content: text } }] })),
  firstDelta: 1,
}

function faultBody(fault: ErrorInside200Fault): string {
  const { code = 'server_error', message = DEFAULT_FAULT_MESSAGE } = fault
  return errorBody({ message, type: errorType(code), param: null, code })
}

/** The error type that goes with a code. */
export function errorType(code: string): string {
  if (code === 'rate_limit_exceeded') return 'requests'
  return code.startsWith('invalid') ? 'invalid_request_error' : code
}
