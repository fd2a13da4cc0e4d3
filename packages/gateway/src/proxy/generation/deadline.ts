import { GatewayError } from '../errors/errors.ts'
import { cancelRequest, type RoutedExchange } from '../request-exchange.ts'

/**
 * Runs a request within the time that its pool gives a whole generation, waiting and retries included: the one bound
 * on what no other timeout ends, an answer that comes in drops or comments without end. When the time is over the request is
 * cancelled wherever it stands, with `deadline_exceeded`. One timer a request.
 */
export async function withinTime(exchange: RoutedExchange, run: () => Promise<void>): Promise<void> {
  const { deps, pool } = exchange
  const limit = pool.totalTimeoutMs ?? deps.limits.totalMs
  const stop = deps.clock.schedule(limit, () => {
    cancelRequest(exchange, new GatewayError('deadline_exceeded', { values: { limit } }))
  })
  try {
    await run()
  } finally {
    stop()
  }
}
