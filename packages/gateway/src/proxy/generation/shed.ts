import { GatewayError } from '../errors/errors.ts'
import type { CreateFacts } from '../request/request-check.ts'
import type { GenerationExchange } from './account-search.ts'

/**
 * Turns new work away while the gateway is overloaded, by the client's priority; throws `gateway_overloaded`. What
 * continues a conversation is let in: it is the end of work already paid for, and to turn it away would waste that.
 * Undefined while nothing is shed, so that nobody waits for the answer.
 */
export function shedNewWork(
  exchange: GenerationExchange,
  facts: CreateFacts,
  session: string | undefined,
): Promise<void> | undefined {
  const { deps, client } = exchange
  const { shedding } = deps
  if (shedding === undefined || !shedding.sheds(client.priority ?? 0)) return undefined
  if (facts.continues !== undefined) return undefined
  return turnAway(exchange, session, shedding.retryAfterMs())
}

async function turnAway(
  { pool, client }: GenerationExchange,
  session: string | undefined,
  retryAfterMs: number,
): Promise<void> {
  if (session !== undefined && (await pool.scheduler.knowsSession({ tenant: client.tenant, session }))) return
  throw new GatewayError('gateway_overloaded', { retryAfterMs })
}
