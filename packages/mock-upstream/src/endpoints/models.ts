import type { Exchange } from '../exchange.ts'
import { modelsOf, servesModel } from './generation.ts'

/** `GET /v1/models`: the account's exact names; a name with `*` stands for models that nobody can list. */
export function listModels(exchange: Exchange): void {
  const data = modelsOf(exchange)
    .filter(name => !name.endsWith('*'))
    .map(modelObject)
  exchange.json(200, JSON.stringify({ object: 'list', data }))
}

/** `GET /v1/models/{id}`. */
export function retrieveModel(exchange: Exchange): void {
  const { id } = exchange.route
  if (servesModel(exchange, id)) exchange.json(200, JSON.stringify(modelObject(id)))
  else exchange.fail(exchange.dialect.modelNotFound(id))
}

function modelObject(id: string) {
  return { id, object: 'model', created: 1_735_689_600, owned_by: 'openai' }
}
