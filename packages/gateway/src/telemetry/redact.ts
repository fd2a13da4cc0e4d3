import type { LogFields } from '../runtime/log.ts'
import { hideCredentials } from '../text/credentials.ts'

/**
 * What a line may say. Everything else is dropped, by name: a new kind of fact has to be let in here, and a
 * header, a body, a configuration or an error's request that somebody passes along cannot get out.
 */
export const loggedFields: ReadonlySet<string> = new Set([
  // Who and what.
  ...[
    'requestId',
    'clientRequestId',
    'method',
    'route',
    'target',
    'status',
    'client',
    'tenant',
    'pool',
    'model',
  ],
  ...['account', 'accounts', 'layer', 'decisionId', 'stream', 'remoteAddress', 'attempts', 'upstreamStatus'],
  ...['upstreamMessage', 'fault', 'kind', 'detail'],
  // How it went.
  ...['outcome', 'errorCode', 'code', 'reason', 'state', 'from', 'to', 'error', 'errors', 'syscall'],
  ...['durationMs', 'ttftMs', 'waitedMs', 'timeoutMs', 'untilMs', 'bytesIn', 'bytesOut', 'usage', 'hedge'],
  ...['removedItems'],
  ...['inputTokens', 'cachedTokens', 'outputTokens', 'count', 'dropped', 'cut', 'limit', 'retryAfterMs'],
  ...['heapShare', 'loopLagMs', 'bufferedShare'],
  // The process.
  ...['host', 'port', 'url', 'path', 'file', 'folder', 'line', 'column', 'version', 'node', 'pid', 'signal'],
  ...['problem', 'warning', 'profile', 'origin', 'fields'],
])

const maxDepth = 4
const maxItems = 20
const maxTextChars = 1000

// Line ends that are not JSON's business, C1 controls, and what turns text around on a terminal.
const unprintable = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Takes what looks like a credential out of a text, and what would upset a terminal; cuts it at 1000 characters. */
export function redactText(text: string): string {
  // Cut before searching, with room for a secret that the cut would halve: no expression runs over megabytes.
  const cut = text.length > 2 * maxTextChars ? text.slice(0, 2 * maxTextChars) : text
  const clean = hideCredentials(cut).replace(unprintable, '\ufffd')
  return clean.length > maxTextChars ? `${clean.slice(0, maxTextChars - 3)}...` : clean
}

/** Makes the fields of a line fit to be written: names by the allow-list, texts redacted, depth and length bounded. */
export function redactFields(fields: LogFields): Record<string, unknown> {
  return redactObject(fields, 0)
}

function redactObject(object: object, depth: number): Record<string, unknown> {
  const kept: Record<string, unknown> = {}
  for (const name of Object.keys(object)) {
    const value = (object as Readonly<Record<string, unknown>>)[name]
    if (value === undefined || !loggedFields.has(name)) continue
    kept[name] = redactValue(value, depth + 1)
  }
  return kept
}

function redactValue(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return redactText(value)
    case 'number':
      // Durations are differences of floats: a line says microseconds, not fifteen digits.
      return Number.isInteger(value) ? value : Math.round((value as number) * 1000) / 1000
    case 'boolean':
      return value
    case 'bigint':
      return String(value)
    case 'object':
      break
    default:
      return `[${typeof value}]`
  }
  if (value === null) return null
  if (value instanceof Error) return redactError(value, depth)
  if (depth >= maxDepth) return '[...]'
  if (Array.isArray(value)) return value.slice(0, maxItems).map(item => redactValue(item, depth + 1))
  return redactObject(value, depth)
}

/** An error says its kind, its code, its message and where it was made; never what was attached to it. */
function redactError(error: Error, depth: number): Record<string, unknown> {
  const { name, message, stack, cause } = error
  const code = (error as { code?: unknown }).code
  return {
    type: redactText(name),
    ...(code === undefined ? {} : { code: redactText(String(code)) }),
    message: redactText(message),
    ...(stack === undefined ? {} : { stack: redactText(stack.replace(`${name}: ${message}`, '').trim()) }),
    ...(cause instanceof Error && depth < maxDepth ? { cause: redactError(cause, depth + 1) } : {}),
  }
}
