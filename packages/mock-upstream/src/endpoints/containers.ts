import { missingParameter } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { containerNotFound } from '../not-found-errors.ts'
import { NEWEST_FIRST } from '../page.ts'
import type { JsonBody } from './generation.ts'
import {
  answerDeletion,
  answerList,
  answerNew,
  answerObject,
  epochSeconds,
  type ObjectKind,
} from './owned-object.ts'

/** A container as its account keeps it; nothing runs in it. */
export interface ContainerRecord {
  readonly id: string
  readonly createdAt: number
  readonly name: string
  readonly memoryLimit: unknown
}

const CONTAINERS: ObjectKind<ContainerRecord> = {
  shelf: ({ account }) => account.objects.containers,
  notFound: id => containerNotFound(id),
  view: containerObject,
  deleted: 'container.deleted',
}

/** `POST /v1/containers`. */
export function createContainer(exchange: Exchange, body: JsonBody): void {
  const { name } = body
  if (typeof name !== 'string') {
    exchange.fail(missingParameter('name'))
    return
  }
  const object: ContainerRecord = {
    id: exchange.world.nextId('cntr_'),
    createdAt: epochSeconds(exchange),
    name,
    memoryLimit: body['memory_limit'] ?? '1g',
  }
  answerNew(exchange, CONTAINERS, { object, size: exchange.bodyBytes + 500 })
}

/** `GET /v1/containers`. */
export function listContainers(exchange: Exchange): void {
  answerList(exchange, CONTAINERS.shelf(exchange).list().map(containerObject), NEWEST_FIRST)
}

/** `GET /v1/containers/{id}`. */
export function retrieveContainer(exchange: Exchange): void {
  answerObject(exchange, CONTAINERS)
}

/** `DELETE /v1/containers/{id}`. */
export function deleteContainer(exchange: Exchange): void {
  answerDeletion(exchange, CONTAINERS)
}

function containerObject({ id, createdAt, name, memoryLimit }: ContainerRecord) {
  return {
    ...{ id, object: 'container', created_at: createdAt, status: 'running', name },
    expires_after: { anchor: 'last_active_at', minutes: 20 },
    ...{ last_active_at: createdAt, memory_limit: memoryLimit, network_policy: { type: 'disabled' } },
  }
}
