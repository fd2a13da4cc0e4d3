import { upstreamModel } from '@headgate/scheduler'
import { headerValue } from '../../wire/header-list.ts'
import { mayUseModel } from '../admission/permitted.ts'
import { withinLimits } from '../admission/running.ts'
import { modelNotFound } from '../errors/scheduler-refusal.ts'
import { bindsNothing } from '../ownership/binds.ts'
import { type FormField, formBoundary, readForm } from '../request/multipart.ts'
import { RequestBody } from '../request/request-body.ts'
import { checkModelName } from '../request/request-check.ts'
import { sessionKey } from '../request/session-key.ts'
import { spliceBytes } from '../request/splice.ts'
import { memoryOf, nearestModels } from '../request-exchange.ts'
import type { GenerationExchange } from './account-search.ts'
import { serveCreate } from './create.ts'
import { withinTime } from './deadline.ts'
import { sendPlainWork } from './plain-work.ts'

const wanted: ReadonlySet<string> = new Set(['model', 'stream'])

/**
 * Makes the model work that a form names: transcriptions, edits of images. The form is small enough to be kept
 * (`limits.body`), so that it can go to another account while nothing was answered. Some of these endpoints take JSON
 * as well.
 */
export async function serveModelForm(exchange: GenerationExchange): Promise<void> {
  const boundary = formBoundary(headerValue(exchange.inbound.headers, 'content-type'))
  if (boundary === undefined) {
    await serveCreate(exchange)
    return
  }
  await withinLimits(exchange, () => withinTime(exchange, () => serveForm(exchange, boundary)))
}

async function serveForm(exchange: GenerationExchange, boundary: string): Promise<void> {
  const { inbound, deps, trace, cancellation } = exchange
  const { bytes, body } = await RequestBody.read(inbound, memoryOf(exchange), deps.limits.bodyBytes)
  try {
    cancellation.check()
    trace.bytesIn = bytes.length
    const form = readForm(bytes, boundary, wanted)
    trace.stream = form.get('stream')?.value === 'true'
    await send(exchange, { bytes, field: modelOf(exchange, form) })
  } finally {
    body.release()
  }
}

interface ModelForm {
  readonly bytes: Uint8Array
  readonly field: FormField
}

function send(exchange: GenerationExchange, { bytes, field }: ModelForm): Promise<void> {
  const { client, inbound, route } = exchange
  const { value: model, start, end } = field
  return sendPlainWork(exchange, {
    model,
    keys: {
      session: sessionKey(client.tenant, inbound.headers, undefined),
      needs: route.needs === undefined ? [] : [route.needs],
      owners: [],
    },
    contentType: headerValue(inbound.headers, 'content-type'),
    binds: bindsNothing,
    relays: 'any',
    bodyFor: account => {
      const name = upstreamModel(account.models, model) ?? model
      return name === model
        ? bytes
        : spliceBytes(bytes, [{ start, end, bytes: new TextEncoder().encode(name) }])
    },
  })
}

/** The field that names the model. Throws what a JSON body without a good one would be answered. */
function modelOf(exchange: GenerationExchange, form: ReadonlyMap<string, FormField>): FormField {
  const field = form.get('model')
  checkModelName(field?.value)
  const { trace, client } = exchange
  const { value } = field!
  trace.model = value
  if (!mayUseModel(client, value)) throw modelNotFound(value, nearestModels(exchange, value))
  return field!
}
