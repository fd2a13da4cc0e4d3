import { isUtf8 } from 'node:buffer'
import { GatewayError } from '../errors/errors.ts'
import {
  type DeepFields,
  type JsonField,
  type JsonProblem,
  maxDeepFields,
  maxJsonDepth,
  scanJson,
  wantFields,
} from './json-scanner.ts'

/** The request fields that decide where a request goes; everything else is the upstream's business. */
const routingFields = [
  'model',
  'stream',
  'previous_response_id',
  'prompt_cache_key',
  'conversation',
  'store',
  'background',
  'stream_options',
  'input',
  'messages',
  'instructions',
  'tools',
  'prompt',
  'file_id',
  'file_ids',
  'input_file_id',
  'training_file',
  'validation_file',
  'max_output_tokens',
  'max_completion_tokens',
  'max_tokens',
  'n',
  'api_base',
  'base_url',
  'api_key',
  'headers',
] as const

export type RoutingField = (typeof routingFields)[number]

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** A request body that is one valid JSON object, with the places of its routing fields. */
export class RequestScan {
  /** The body without a byte order mark: the bytes the places count in. */
  readonly bytes: Uint8Array
  /** Members further down that may name something stored. */
  readonly deep: DeepFields
  readonly #fields: ReadonlyMap<string, JsonField>

  constructor(bytes: Uint8Array, fields: ReadonlyMap<string, JsonField>, deep: DeepFields) {
    this.bytes = bytes
    this.deep = deep
    this.#fields = fields
  }

  field(name: RoutingField): JsonField | undefined {
    return this.#fields.get(name)
  }

  /** The parsed value of a field; cost grows with its length. */
  value(field: JsonField): unknown {
    return JSON.parse(decoder.decode(this.bytes.subarray(field.start, field.end)))
  }
}

/** Names that refer to what is stored somewhere: anywhere, or in the items of a list (0 and 3). */
const wanted = wantFields(routingFields, {
  type: 3,
  id: 3,
  encrypted_content: 0,
  file_id: 0,
  file_ids: 0,
  vector_store_ids: 0,
  container: 0,
  container_id: 0,
})

/**
 * Scans a request body. Throws a {@link GatewayError} (`empty_body`, `invalid_utf8`, `invalid_json`,
 * `body_must_be_object`, `too_deep`, `duplicate_key`, `too_many_references`) that names line and column. A byte order mark is skipped;
 * duplicate routing fields are refused, because an upstream may read the other one.
 */
export function scanRequest(body: Uint8Array): RequestScan {
  const bytes = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? body.subarray(3) : body
  if (isBlank(bytes)) throw new GatewayError('empty_body')
  if (!isUtf8(bytes)) throw new GatewayError('invalid_utf8', { values: { offset: firstBadByte(bytes) } })
  const scan = scanJson(bytes, 0, wanted)
  if (!scan.ok) throw refusal(bytes, scan.problem)
  return new RequestScan(bytes, scan.fields, scan.deep)
}

function isBlank(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false
  return true
}

function refusal(bytes: Uint8Array, problem: JsonProblem): GatewayError {
  switch (problem.kind) {
    case 'not_object':
      return new GatewayError('body_must_be_object', { values: { given: describe(problem.given) } })
    case 'too_deep':
      return new GatewayError('too_deep', {
        values: { limit: maxJsonDepth, ...position(bytes, problem.offset) },
      })
    case 'duplicate':
      return duplicateKey(bytes, problem.name, problem.offset)
    case 'too_many':
      return new GatewayError('too_many_references', { values: { limit: maxDeepFields } })
    case 'syntax':
      return new GatewayError('invalid_json', {
        values: { detail: problem.detail, ...position(bytes, problem.offset) },
      })
  }
}

/** The answer to a member that is given twice in one object, again at `offset`. */
export function duplicateKey(bytes: Uint8Array, name: string, offset: number): GatewayError {
  return new GatewayError('duplicate_key', {
    param: name,
    values: { param: name, ...position(bytes, offset) },
  })
}

/** "an array", "null": how a message names what it found. */
export function describe(kind: JsonField['kind']): string {
  if (kind === 'null') return 'null'
  return kind === 'array' || kind === 'object' ? `an ${kind}` : `a ${kind}`
}

/** Line and column of a byte, both from 1; columns count characters. Only errors pay for it. */
function position(bytes: Uint8Array, offset: number): { line: number; column: number } {
  let line = 1
  let lineStart = 0
  for (let i = 0; i < offset; i++) {
    if (bytes[i] === 0x0a) {
      line++
      lineStart = i + 1
    }
  }
  let column = 1
  // A continuation byte begins no character.
  for (let i = lineStart; i < offset; i++) if ((bytes[i]! & 0xc0) !== 0x80) column++
  return { line, column }
}

/** Where UTF-8 first breaks: the longest valid prefix is found by halving, never inside a character. */
function firstBadByte(bytes: Uint8Array): number {
  let low = 0
  let high = bytes.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (isUtf8(bytes.subarray(0, wholeCharacters(bytes, middle)))) low = middle
    else high = middle - 1
  }
  return wholeCharacters(bytes, low)
}

/** The largest end at or before `end` that does not cut a character begun at most three bytes before it. */
function wholeCharacters(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && end - back >= 0; back++) {
    const byte = bytes[end - back]!
    if (byte < 0x80) return end
    if (byte >= 0xc0) {
      const width = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
      return width > back ? end - back : end
    }
  }
  return end
}
