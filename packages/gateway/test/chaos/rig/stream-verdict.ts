/** How a client saw an answer end. */
export type Ending =
  /** All of it, with its own proper end. */
  | 'whole'
  /** A stream that ended in exactly one explicit error. */
  | 'error_event'
  /** The connection broke: nobody can take the answer for whole. */
  | 'cut'
  /** An answer that is no success, with an error object. */
  | 'refused'
  /** It looks whole and is not: what must never happen. */
  | 'dishonest'

/** What came over the wire. */
export interface Received {
  readonly status: number
  readonly contentType: string
  readonly body: string
  /** The HTTP message came to its end, as opposed to a broken connection. */
  readonly complete: boolean
}

/** Judges an answer as a strict client would. */
export function endingOf(received: Received): Ending {
  const { status, contentType, body, complete } = received
  if (!complete) return 'cut'
  if (status >= 300) return isErrorObject(body) ? 'refused' : 'dishonest'
  if (contentType.startsWith('text/event-stream')) return streamEnding(body)
  return isWholeJson(body) ? 'whole' : 'dishonest'
}

function streamEnding(body: string): Ending {
  if (!body.endsWith('\n\n')) return 'dishonest'
  const datas = eventsOf(body)
  let ends = 0
  let errors = 0
  let text = ''
  let told: string | undefined
  for (const [index, data] of datas.entries()) {
    const isLast = index === datas.length - 1
    if (data === '[DONE]') {
      if (!isLast) return 'dishonest'
      ends++
      continue
    }
    const event = parse(data)
    if (event === undefined) return 'dishonest'
    const { type } = event
    if (type === 'response.output_text.delta') text += String(event['delta'])
    else if (type === 'response.output_text.done') told = String(event['text'])
    else if (type === 'response.completed' || type === 'response.incomplete') ends++
    else if (type === 'response.failed' || type === 'error' || event['error'] != null) errors++
    if (ends + errors > 0 && !isLast && datas.at(-1) !== '[DONE]') return 'dishonest'
  }
  if (told !== undefined && told !== text) return 'dishonest'
  if (errors === 1 && ends === 0) return 'error_event'
  return errors === 0 && ends === 1 ? 'whole' : 'dishonest'
}

/** The data of every event. */
export function eventsOf(body: string): string[] {
  const datas: string[] = []
  for (const block of body.split('\n\n')) {
    const lines = block.split('\n').filter(line => line.startsWith('data:'))
    if (lines.length > 0) datas.push(lines.map(line => line.slice(line[5] === ' ' ? 6 : 5)).join('\n'))
  }
  return datas
}

function isWholeJson(body: string): boolean {
  const value = parse(body)
  return value !== undefined && value['error'] == null
}

function isErrorObject(body: string): boolean {
  const error = parse(body)?.['error']
  return typeof error === 'object' && error !== null
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
