import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http'
import { clientKey } from './gateway.ts'
import { type Ending, endingOf } from './stream-verdict.ts'

/** An answer as a client has it when it is over. */
export interface Answer {
  /** 0 when no head came. */
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly ending: Ending
  readonly durationMs: number
}

/** How to call. */
export interface CallOptions {
  readonly url: string
  readonly method?: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
  /** A body that is no JSON, in the place of `body`. */
  readonly raw?: { readonly contentType: string; readonly bytes: Uint8Array }
  /** Whose request it is; by default the one client's of most scenarios. */
  readonly key?: string
  /** Sockets to use again; without one every call has a socket of its own. */
  readonly agent?: Agent
  /** Hears of the answer's bytes as they come; `request` may be used to leave. */
  readonly onBytes?: (soFar: string, request: ClientRequest) => void
  /** Hears of the request once it is on its way. */
  readonly onSent?: (request: ClientRequest) => void
}

/** One request to the gateway. Never rejects: a broken connection is an ending like others. */
export function call(options: CallOptions): Promise<Answer> {
  const { method = 'POST', path, body, raw, key = clientKey, agent, onBytes, onSent } = options
  const startedMs = performance.now()
  return new Promise(resolve => {
    let response: IncomingMessage | undefined
    let text = ''
    const over = (complete: boolean): void => {
      const { statusCode: status = 0, headers = {} } = response ?? {}
      const contentType = headers['content-type'] ?? ''
      const ending = endingOf({ status, contentType, body: text, complete })
      resolve({ status, headers, body: text, ending, durationMs: performance.now() - startedMs })
    }
    const outgoing = request(new URL(path, options.url), {
      method,
      agent: agent ?? false,
      headers: {
        authorization: `Bearer ${key}`,
        ...(raw === undefined ? {} : { 'content-type': raw.contentType }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
    })
    outgoing.on('response', incoming => {
      response = incoming
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => {
        text += chunk
        onBytes?.(text, outgoing)
      })
      incoming.on('close', () => over(incoming.complete))
      incoming.on('error', () => {})
    })
    outgoing.on('error', () => over(false))
    outgoing.on('close', () => response ?? over(false))
    outgoing.end(raw?.bytes ?? (body === undefined ? undefined : JSON.stringify(body)))
    onSent?.(outgoing)
  })
}

/** The three ways of asking the model that the scenarios mix. */
export type CallKind = 'json' | 'sse' | 'chat'

let asked = 0

/** The path and body of a generation. No two begin alike: they would be taken for turns of one conversation. */
export function generation(kind: CallKind, extra: object = {}): { path: string; body: object } {
  const model = 'gpt-5.1'
  const content = `Tell me something, ${++asked}.`
  if (kind === 'chat') {
    const messages = [{ role: 'user', content }]
    return { path: '/v1/chat/completions', body: { model, messages, stream: true, ...extra } }
  }
  return {
    path: '/v1/responses',
    body: { model, input: content, stream: kind === 'sse', ...extra },
  }
}

/** The id of a response in what has come so far: of a stream's first event, or of a JSON answer. */
export function responseIdIn(text: string): string | undefined {
  return /"id":\s*"(resp_[A-Za-z0-9_-]+)"/.exec(text)?.[1]
}

/** Sockets that are used again, for clients that are not the point of a scenario. */
export function keepAlive(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 256 })
}
