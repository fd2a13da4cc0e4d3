import type { Usage } from '@headgate/scheduler'
import type { Binds } from '../ownership/binds.ts'
import { ToldKeys } from '../ownership/told-keys.ts'
import { type JsonField, scanJson, wantFields } from '../request/json-scanner.ts'
import { idShape } from '../routing/route.ts'
import { type InBandFailure, readFailure } from './failure.ts'
import { readUsage } from './usage.ts'

/** What a whole JSON answer says of itself. */
export interface JsonReply {
  readonly responseId: string | undefined
  readonly usage: Usage | undefined
  readonly failure: InBandFailure | undefined
  /** The hard keys it tells; undefined when there are none to bind. */
  readonly keys: readonly string[] | undefined
}

const outputFiles = ['output_file_id', 'error_file_id'] as const
const members = ['id', 'usage', 'status', 'error', 'conversation', 'output', 'data']
const wanted = wantFields([...members, ...outputFiles])

/**
 * Reads a complete JSON answer; undefined when it is not one whole JSON object. Linear, about as fast as the bytes
 * can be looked at; its output is parsed only when something in it is to be bound.
 */
export function readJsonReply(bytes: Uint8Array, binds: Binds): JsonReply | undefined {
  const scan = scanJson(bytes, 0, wanted)
  if (!scan.ok) return undefined
  const read = (name: string): unknown => fieldValue(bytes, scan.fields.get(name))
  const id = read('id')
  const error = read('error')
  const failed = read('status') === 'failed' || (typeof error === 'object' && error !== null)
  const responseId = typeof id === 'string' && idShape.test(id) ? id : undefined
  const told = new ToldKeys(binds)
  if (responseId !== undefined) told.answer(responseId)
  if (told.readsItems) {
    told.conversation(read('conversation'))
    const output = scan.fields.get('output')
    const data = scan.fields.get('data')
    if (output !== undefined) told.output(parsed(bytes, output))
    else if (data !== undefined) told.listed(parsed(bytes, data))
  }
  if (binds.list !== undefined && scan.fields.has('data')) {
    told.list(parsed(bytes, scan.fields.get('data')!))
  }
  for (const name of outputFiles) told.outputFile(read(name))
  return {
    responseId,
    keys: told.take(),
    usage: readUsage(read('usage')),
    failure: failed ? readFailure(error) : undefined,
  }
}

/**
 * The id at the head of an answer that is still coming: what has been read so far is enough when the top-level
 * `id` is in it.
 */
export function readJsonId(prefix: Uint8Array): string | undefined {
  const text = Buffer.from(prefix.buffer, prefix.byteOffset, Math.min(prefix.byteLength, 4096)).toString(
    'latin1',
  )
  // Only as the first member: further down, an `id` may belong to something nested.
  const found = /^\s*\{\s*"id"\s*:\s*"([A-Za-z0-9_-]{1,128})"/.exec(text)
  return found?.[1]
}

const maxFieldBytes = 64 << 10

function fieldValue(bytes: Uint8Array, field: JsonField | undefined): unknown {
  return field === undefined || field.end - field.start > maxFieldBytes ? undefined : parsed(bytes, field)
}

function parsed(bytes: Uint8Array, field: JsonField): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + field.start, field.end - field.start).toString(
    'latin1',
  )
  return JSON.parse(text)
}
