import { headerValue } from '../../wire/header-list.ts'
import { GatewayError } from '../errors/errors.ts'
import { formBoundary, readForm } from '../request/multipart.ts'
import { RequestBody } from '../request/request-body.ts'
import { checkContentHeaders } from '../request/request-check.ts'
import { scanRequest } from '../request/scan.ts'
import { memoryOf, type RoutedExchange } from '../request-exchange.ts'
import { type NamedId, namedIds } from './named-ids.ts'

/** How a body is to be read: not at all, as JSON, as JSON when there is any, as JSON or a form. */
export type BodyKind = 'none' | 'optional' | 'json' | 'form'

/** The body of a request that no model works for: small, and empty more often than not. */
export interface ObjectBody {
  /** As it goes upstream; null when there is none. */
  readonly bytes: Uint8Array | null
  readonly contentType: string | undefined
  /** What it names besides what the path does. */
  readonly named: readonly NamedId[]
  /** Gives its memory back. Idempotent. */
  release(): void
}

const noBody: ObjectBody = { bytes: null, contentType: undefined, named: [], release() {} }
const namingFields: ReadonlySet<string> = new Set(['file_id'])

/** Reads it within `limits.body`. Throws what reading, its headers and its form or JSON give reason for. */
export async function readObjectBody(exchange: RoutedExchange, kind: BodyKind): Promise<ObjectBody> {
  const { inbound, deps, trace, cancellation } = exchange
  if (kind === 'none') return noBody
  const { bytes, body } = await RequestBody.read(inbound, memoryOf(exchange), deps.limits.bodyBytes)
  try {
    cancellation.check()
    trace.bytesIn = bytes.length
    if (bytes.length === 0 && kind === 'optional') {
      body.release()
      return noBody
    }
    const release = () => body.release()
    return { ...(kind === 'form' ? formOrJson(exchange, bytes) : json(exchange, bytes)), release }
  } catch (error) {
    body.release()
    throw error
  }
}

type Checked = Omit<ObjectBody, 'release'>

function json({ inbound }: RoutedExchange, body: Uint8Array): Checked {
  checkContentHeaders(inbound.headers)
  const scan = scanRequest(body)
  return { bytes: scan.bytes, contentType: 'application/json', named: namedIds(scan) }
}

function formOrJson(exchange: RoutedExchange, bytes: Uint8Array): Checked {
  const contentType = headerValue(exchange.inbound.headers, 'content-type')
  const boundary = formBoundary(contentType)
  if (boundary === undefined) return json(exchange, bytes)
  const fields = readForm(bytes, boundary, namingFields)
  const file = fields.get('file_id')
  return { bytes, contentType, named: file === undefined ? [] : [{ kind: 'file', id: file.value }] }
}

/** The content type of an upload, with its boundary. Throws `unsupported_media_type` for anything but a form. */
export function uploadType({ inbound }: RoutedExchange): string {
  const type = headerValue(inbound.headers, 'content-type')
  if (formBoundary(type) !== undefined) return type!
  throw new GatewayError('form_required', { values: { given: type ?? 'missing' } })
}
