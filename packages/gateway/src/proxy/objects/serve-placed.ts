import { checkUnread } from '../admission/permitted.ts'
import { withinLimits } from '../admission/running.ts'
import { type PlainWork, sendPlainWork } from '../generation/plain-work.ts'
import type { RoutedExchange } from '../request-exchange.ts'
import type { Placement } from '../routing/operation.ts'
import type { Route } from '../routing/route.ts'
import { locateNamed } from './named-ids.ts'
import { readObjectBody, uploadType } from './object-body.ts'
import { Upload } from './upload.ts'

/** An exchange that makes something no model works for. */
export type PlacementExchange = RoutedExchange<Route<Placement>>

/**
 * Creates a conversation, a file, a vector store, a container or a batch: at the account where the ids in its body
 * lie, else at one the scheduler chooses. Its id is bound before it is told. A JSON body may go to another account
 * while nothing was answered; an upload only while none of it went out.
 */
export async function servePlaced(exchange: PlacementExchange): Promise<void> {
  const serve = exchange.route.body === 'form' ? serveUpload : serveJson
  if (exchange.route.needs === 'batches') checkUnread(exchange.client)
  await withinLimits(exchange, () => serve(exchange))
}

async function serveUpload(exchange: PlacementExchange): Promise<void> {
  const contentType = uploadType(exchange)
  const upload = new Upload(exchange, exchange.deps.limits.uploadBytes)
  try {
    await sendPlainWork(exchange, {
      ...placement(exchange, []),
      contentType,
      bodyFor: () => upload,
      spent: () => upload.begun,
      begins: attempt => upload.goesTo(attempt),
    })
  } finally {
    upload.cancel()
  }
}

async function serveJson(exchange: PlacementExchange): Promise<void> {
  const { bytes, contentType, named, release } = await readObjectBody(exchange, exchange.route.body)
  try {
    const owners = await locateNamed(exchange, named, [])
    await sendPlainWork(exchange, { ...placement(exchange, owners), contentType, bodyFor: () => bytes })
  } finally {
    release()
  }
}

/** What all placements have in common. */
function placement({ route }: PlacementExchange, owners: readonly string[]) {
  const keys = { session: undefined, needs: [route.needs], owners }
  return { model: '', keys, binds: route.binds, relays: 'state' } satisfies Partial<PlainWork>
}
