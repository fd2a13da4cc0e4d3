import { chunked } from './wire.ts'

export type UpstreamBytes = string | Uint8Array

/** A response with a length. */
export const reply = (
  status: number,
  content: UpstreamBytes,
  ...fields: readonly string[]
): UpstreamBytes[] => [
  [`HTTP/1.1 ${status} X`, ...fields, `Content-Length: ${Buffer.byteLength(content)}`, '', ''].join('\r\n'),
  content,
]

export const jsonType = 'Content-Type: application/json'

/** A whole answer in JSON. */
export const response = (fields: object = {}): string =>
  JSON.stringify({
    id: 'resp_raw',
    object: 'response',
    status: 'completed',
    model: 'gpt-5.1',
    output: [],
    usage: { input_tokens: 1, output_tokens: 1, total_tokens: 2 },
    ...fields,
  })

export const streamHead = [
  'HTTP/1.1 200 OK',
  'Content-Type: text/event-stream',
  'Transfer-Encoding: chunked',
  '',
  '',
].join('\r\n')

export const piece = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`
export const lastPiece = '0\r\n\r\n'

/** A stream in one piece, to its proper end. */
export const stream = (...events: readonly string[]): UpstreamBytes[] => [
  streamHead,
  chunked(events.join('')),
]

/** A stream that is not over when its bytes are. */
export const open = (...events: readonly string[]): UpstreamBytes[] => [streamHead, piece(events.join(''))]

export const event = (type: string, fields: object = {}): string =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`

export const created = event('response.created', {
  sequence_number: 0,
  response: { id: 'resp_raw', status: 'in_progress' },
})
export const delta = event('response.output_text.delta', { sequence_number: 1, delta: 'Grüße' })
export const completed = event('response.completed', {
  sequence_number: 2,
  response: { id: 'resp_raw', status: 'completed', usage: { input_tokens: 1, output_tokens: 1 } },
})

export const chatDelta =
  'data: {"id":"chatcmpl-raw","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"x"}}]}\n\n'
