import { GatewayError } from '../errors/errors.ts'
import type { RoutedExchange } from '../request-exchange.ts'
import type { RequestTrace } from '../request-record.ts'
import type { ClientAccess } from './credentials.ts'

/**
 * Holds the client to its concurrency while `serve` runs, and to its requests a minute before that; what was charged
 * and not used is given back afterwards. Throws `key_concurrency` when the client has enough under way, and what the
 * rates say.
 */
export async function withinLimits(exchange: RoutedExchange, serve: () => Promise<void>): Promise<void> {
  const { client, shared, trace } = exchange
  const leave = enter(shared.running, client)
  if (client.rates !== undefined) exchange.rateCharge = shared.rates.charge(client.name, client.rates)
  const charge = exchange.rateCharge
  try {
    if (charge !== undefined) await charge.request()
    await serve()
  } finally {
    charge?.settle(tokensUsed(trace))
    leave()
  }
}

/**
 * Holds what a client asks of stored state to the same number, counted apart: it may poll and cancel while all that it
 * may make is under way, and it cannot take an account's sockets from everybody. Throws `key_concurrency`.
 */
export async function withinConcurrency(
  { client, shared }: RoutedExchange,
  serve: () => Promise<void>,
): Promise<void> {
  const leave = enter(shared.asking, client)
  try {
    await serve()
  } finally {
    leave()
  }
}

function enter(running: Map<string, number>, { name, concurrency }: ClientAccess): () => void {
  const now = running.get(name) ?? 0
  if (concurrency !== undefined && now >= concurrency) {
    throw new GatewayError('key_concurrency', { values: { limit: concurrency } })
  }
  running.set(name, now + 1)
  return () => {
    const left = running.get(name)! - 1
    if (left === 0) running.delete(name)
    else running.set(name, left)
  }
}

/** Undefined when an upstream may have worked and nobody said how much; one that refused has not. */
function tokensUsed({ usage, attempts }: RequestTrace): number | undefined {
  if (usage !== undefined) return usage.inputTokens + usage.outputTokens
  return attempts.every(({ upstreamStatus = 0 }) => upstreamStatus >= 300) ? 0 : undefined
}
