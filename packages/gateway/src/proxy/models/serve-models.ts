import { answerJson } from '../answer.ts'
import { modelNotFound } from '../errors/scheduler-refusal.ts'
import type { RoutedExchange } from '../request-exchange.ts'

/** `GET /v1/models`: what the client's pool serves. */
export async function serveModelList({ pool, shared, outbound, trace }: RoutedExchange): Promise<void> {
  const names = await shared.models.list(pool.accounts)
  answerJson(outbound, { object: 'list', data: names.map(modelObject) }, trace)
}

/** `GET /v1/models/{id}`: one of those, or 404 with the nearest names. */
export async function serveModel({ pool, shared, outbound, trace, route }: RoutedExchange): Promise<void> {
  const names = await shared.models.list(pool.accounts)
  if (!names.includes(route.id)) throw modelNotFound(route.id, shared.models.nearest(pool.accounts, route.id))
  answerJson(outbound, modelObject(route.id), trace)
}

/** The API's model object; accounts do not agree on when a model was created or by whom. */
function modelObject(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'headgate' }
}
