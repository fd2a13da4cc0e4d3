import { GatewayError } from '../errors/errors.ts'
import type { RoutedExchange } from '../request-exchange.ts'

/** What says that a request continues something. */
export interface Continuing {
  readonly session: string | undefined
  /** Whether it names stored state, by an id or by encrypted content. */
  readonly namesState: boolean
}

/**
 * Turns new work away while the gateway is overloaded, by the client's priority; throws `gateway_overloaded`. What
 * continues something is let in: it is the end of work already paid for, and to turn it away would waste that.
 * Undefined while nothing is shed, so that nobody waits for the answer.
 */
export function shedNewWork(exchange: RoutedExchange, continuing: Continuing): Promise<void> | undefined {
  const { deps, client } = exchange
  const { shedding } = deps
  if (shedding === undefined || !shedding.sheds(client.priority ?? 0)) return undefined
  if (continuing.namesState) return undefined
  return turnAway(exchange, continuing.session, shedding.retryAfterMs())
}

async function turnAway(
  { pool, client }: RoutedExchange,
  session: string | undefined,
  retryAfterMs: number,
): Promise<void> {
  if (session !== undefined && (await pool.scheduler.knowsSession({ tenant: client.tenant, session }))) return
  throw new GatewayError('gateway_overloaded', { retryAfterMs })
}
