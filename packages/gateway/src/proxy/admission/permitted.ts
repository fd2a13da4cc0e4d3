import { upstreamModel } from '@headgate/scheduler'
import type { HeaderList } from '../../wire/header-list.ts'
import { GatewayError } from '../errors/errors.ts'
import { noAccounts } from '../errors/scheduler-refusal.ts'
import type { PoolAccess } from '../pool-access.ts'
import type { ClientAccess } from './credentials.ts'

/** The header with which a client chooses another of its pools. */
const poolHeader = 'x-headgate-pool'

/**
 * The pool that serves a request: the client's own, or the one its header names. One it may not use is answered like
 * one that does not exist (`pool_not_found`), so that nobody learns the names of pools by asking; a header that comes
 * twice is `duplicate_header`.
 */
export function permittedPool(
  client: ClientAccess,
  headers: HeaderList,
  pools: ReadonlyMap<string, PoolAccess>,
): PoolAccess {
  const chosen = chosenPool(headers)
  const name = chosen ?? client.pool
  const isOwn = name === client.pool || (client.pools?.includes(name) ?? false)
  const pool = isOwn ? pools.get(name) : undefined
  if (pool !== undefined) return pool
  if (chosen === undefined) throw noAccounts([])
  throw new GatewayError('pool_not_found', { values: { pool: chosen } })
}

function chosenPool(headers: HeaderList): string | undefined {
  let chosen: string | undefined
  for (const [name, value] of headers) {
    if (name !== poolHeader) continue
    if (chosen !== undefined) throw new GatewayError('duplicate_header', { values: { header: name } })
    chosen = value
  }
  return chosen
}

/** Whether a client may use a model; a client without patterns may use every one. */
export function mayUseModel({ models }: ClientAccess, model: string): boolean {
  return models === undefined || upstreamModel(models, model) !== undefined
}

/** Refuses what names models and ids where nobody here reads them, to a client that may use only some of either. */
export function checkUnread({ models, batches }: ClientAccess): void {
  if (models !== undefined || batches === false) throw new GatewayError('batches_not_permitted')
}
