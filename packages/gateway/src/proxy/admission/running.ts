import { GatewayError } from '../errors/errors.ts'
import type { RoutedExchange } from '../request-exchange.ts'
import type { RequestTrace } from '../request-record.ts'

/**
 * Holds the client to its concurrency while `serve` runs, and to its requests a minute before that; what was charged
 * and not used is given back afterwards. Throws `key_concurrency` when the client has enough under way, and what the
 * rates say.
 */
export async function withinLimits(exchange: RoutedExchange, serve: () => Promise<void>): Promise<void> {
  const leave = enter(exchange)
  try {
    const charge = exchange.rateCharge
    if (charge !== undefined) await charge.request()
    await serve()
  } finally {
    leave()
  }
}

function enter(exchange: RoutedExchange): () => void {
  const { client, shared } = exchange
  const { running } = shared
  const now = running.get(client.name) ?? 0
  if (client.concurrency !== undefined && now >= client.concurrency) {
    throw new GatewayError('key_concurrency', { values: { limit: client.concurrency } })
  }
  running.set(client.name, now + 1)
  if (client.rates !== undefined) exchange.rateCharge = shared.rates.charge(client.name, client.rates)
  return () => {
    exchange.rateCharge?.settle(tokensUsed(exchange.trace))
    const left = running.get(client.name)! - 1
    if (left === 0) running.delete(client.name)
    else running.set(client.name, left)
  }
}

/** Undefined when an upstream may have worked and nobody said how much; one that refused has not. */
function tokensUsed({ usage, attempts }: RequestTrace): number | undefined {
  if (usage !== undefined) return usage.inputTokens + usage.outputTokens
  return attempts.every(({ upstreamStatus = 0 }) => upstreamStatus >= 300) ? 0 : undefined
}
