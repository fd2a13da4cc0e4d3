import type { HeaderList } from '../../wire/header-list.ts'
import { GatewayError } from '../errors/errors.ts'
import { type Continuation, continuation } from '../ownership/continuation.ts'
import type { Reference } from '../ownership/found-references.ts'
import { findReferences } from '../ownership/references.ts'
import type { Operation } from '../routing/operation.ts'
import type { JsonField } from './json-scanner.ts'
import { describe, type RequestScan, type RoutingField } from './scan.ts'

/** What the gateway needs to know of a create request. */
export interface CreateFacts {
  readonly model: string
  /** Where the model's name lies in the body, quotes included. */
  readonly modelField: JsonField
  readonly stream: boolean
  /** Whether the upstream is asked to keep the answer: what the body says, by default yes for a response, no for chat. */
  readonly store: boolean
  readonly background: boolean
  readonly continues: Continuation | undefined
  /** All that must lie in one state domain, what it continues first. */
  readonly references: readonly Reference[]
  /** The most the answer may have, when the request says so and means it. */
  readonly maxOutputTokens: number | undefined
}

/**
 * Refuses a body that is not plain JSON in UTF-8 before it is read: 415 `unsupported_media_type` or
 * `unsupported_content_encoding`.
 */
export function checkContentHeaders(headers: HeaderList): void {
  let contentType: string | undefined
  for (const [name, value] of headers) {
    if (name === 'content-type') {
      if (contentType !== undefined) throw new GatewayError('duplicate_header', { values: { header: name } })
      contentType = value
    } else if (name === 'content-encoding' && value.toLowerCase() !== 'identity') {
      throw new GatewayError('unsupported_content_encoding', { values: { given: value } })
    }
  }
  // The usual spelling first: it needs no parsing.
  if (contentType === 'application/json') return
  if (contentType === undefined || !isUtf8Json(contentType)) {
    throw new GatewayError('unsupported_media_type', { values: { given: contentType ?? 'missing' } })
  }
}

const jsonType = /^application\/json(?: *; *([a-z0-9-]+)=("[^"\\]{0,64}"|[^\s;"]{1,64}))* *$/i
const charset = /; *charset="?([^";\s]+)"?/i

function isUtf8Json(value: string): boolean {
  if (value.length > 256 || !jsonType.test(value)) return false
  const name = charset.exec(value)?.[1]?.toLowerCase()
  return name === undefined || name === 'utf-8' || name === 'utf8'
}

/**
 * Checks the routing fields of a create and reads them. Everything else in the body (roles, ranges, tools) is the
 * upstream's to judge. Throws a {@link GatewayError} whose `param` names the field.
 */
export function checkCreate(route: Pick<Operation, 'kind'>, scan: RequestScan): CreateFacts {
  refuseDetours(scan)
  const modelField = scan.field('model')
  const model = readModel(scan, modelField)
  const responses = route.kind === 'create_response'
  const continuing = responses || route.kind === 'compact_response' || route.kind === 'count_input_tokens'
  const continues = continuing ? continuation(scan) : undefined
  const unknownBody = route.kind === 'pass_through' || route.kind === 'model_form'
  const named = findReferences(scan, { elsewhere: unknownBody ? 'files' : 'ignored' })
  return {
    model,
    modelField: modelField!,
    stream: readFlag(scan, 'stream', false),
    store: readFlag(scan, 'store', responses),
    background: responses ? readFlag(scan, 'background', false) : false,
    continues,
    references: continues === undefined ? named : [continues, ...named],
    maxOutputTokens: writesNothing.has(route.kind) ? 0 : readMaxOutput(scan),
  }
}

/**
 * No API of a model has these, and proxies are known that obey them: such an upstream would send its operator's key, or
 * the prompt, to wherever the client says.
 */
const detours = ['api_base', 'base_url', 'api_key', 'headers'] as const

function refuseDetours(scan: RequestScan): void {
  for (const param of detours) {
    const field = scan.field(param)
    if (field !== undefined && field.kind !== 'null')
      throw new GatewayError('forbidden_parameter', { param, values: { param } })
  }
}

/** Endpoints that put out no tokens, or none that anyone counts. */
const writesNothing: ReadonlySet<string> = new Set([
  'create_embeddings',
  'count_input_tokens',
  'pass_through',
  'model_form',
])

const maxModelChars = 256
const modelExpectation = `a string of 1 to ${maxModelChars} printable characters`

function readModel(scan: RequestScan, field: JsonField | undefined): string {
  if (field === undefined) throw modelError('missing_required_parameter')
  if (field.kind !== 'string') throw wrongType('model', modelExpectation, field)
  // Six bytes is the longest spelling of one character.
  const value = field.end - field.start > maxModelChars * 6 + 2 ? '' : (scan.value(field) as string)
  checkModelName(value)
  return value
}

/** Refuses a name that no model has; undefined is one that was not given. */
export function checkModelName(name: string | undefined): asserts name is string {
  if (name === undefined) throw modelError('missing_required_parameter')
  if (name === '' || name.length > maxModelChars || /[\p{Cc}\p{Cs}]/u.test(name))
    throw modelError('invalid_value')
}

function modelError(code: 'missing_required_parameter' | 'invalid_value'): GatewayError {
  return new GatewayError(code, { param: 'model', values: { param: 'model', expected: modelExpectation } })
}

/** The bound is for each choice of a chat. Only an estimate is made of it: whether it is right is the upstream's business. */
function readMaxOutput(scan: RequestScan): number | undefined {
  const each =
    readFigure(scan, 'max_output_tokens') ??
    readFigure(scan, 'max_completion_tokens') ??
    readFigure(scan, 'max_tokens')
  const choices = Math.min(Math.max(readFigure(scan, 'n') ?? 1, 1), maxChoices)
  return each === undefined ? undefined : each * choices
}

/** The most that the API takes. */
const maxChoices = 128

/** A number above 0 of a sane length. */
function readFigure(scan: RequestScan, name: RoutingField): number | undefined {
  const field = scan.field(name)
  if (field?.kind !== 'number' || field.end - field.start > 9) return undefined
  const value = scan.value(field) as number
  // Few characters can say much (1e99): held back from a limit, it would drown every other request's tokens.
  return value > 0 && value < 1e9 ? value : undefined
}

/** `null` is what some clients send for "not set". */
function readFlag(scan: RequestScan, name: RoutingField, absent: boolean): boolean {
  const field = scan.field(name)
  if (field === undefined || field.kind === 'null') return absent
  if (field.kind !== 'boolean') throw wrongType(name, 'true or false', field)
  return scan.bytes[field.start] === 0x74
}

function wrongType(param: RoutingField, expected: string, field: JsonField): GatewayError {
  return new GatewayError('invalid_type', { param, values: { param, expected, given: describe(field.kind) } })
}
