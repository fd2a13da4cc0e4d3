import { mayUseModel } from '../admission/permitted.ts'
import { answerJson } from '../answer.ts'
import { modelNotFound } from '../errors/scheduler-refusal.ts'
import { nearestModels, type RoutedExchange } from '../request-exchange.ts'

/** `GET /v1/models`: what the client's pool serves and the client may use. */
export async function serveModelList(exchange: RoutedExchange): Promise<void> {
  const { outbound, trace } = exchange
  answerJson(outbound, { object: 'list', data: (await permittedModels(exchange)).map(modelObject) }, trace)
}

/** `GET /v1/models/{model}`: one of those, or 404 with the nearest names. */
export async function serveModel(exchange: RoutedExchange): Promise<void> {
  const { outbound, trace, route } = exchange
  const name = route.ids[0]!
  const names = await permittedModels(exchange)
  if (!names.includes(name)) throw modelNotFound(name, nearestModels(exchange, name))
  answerJson(outbound, modelObject(name), trace)
}

async function permittedModels({ pool, client, shared }: RoutedExchange): Promise<readonly string[]> {
  const names = await shared.models.list(pool.accounts)
  return names.filter(name => mayUseModel(client, name))
}

/** The API's model object; accounts do not agree on when a model was created or by whom. */
function modelObject(id: string) {
  return { id, object: 'model', created: 0, owned_by: 'headgate' }
}
