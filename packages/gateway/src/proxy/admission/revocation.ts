import { GatewayError } from '../errors/errors.ts'
import { cancelRequest, type RoutedExchange } from '../request-exchange.ts'
import type { ClientLookup } from './credentials.ts'

/**
 * Ends the requests whose key the clients in force do not have, or have for another tenant: one that waits leaves
 * the queue, one that runs is stopped upstream and gives its slot back, and its client is told `key_revoked`. Answers
 * how many. Called at a reload; costs one look-up a running request.
 */
export function endRevoked(running: Iterable<RoutedExchange>, clients: ClientLookup): number {
  let ended = 0
  for (const exchange of running) {
    const { credential, cancellation } = exchange
    const now = clients.byDigest(credential.digest)
    if (now?.client.tenant === credential.client.tenant || cancellation.aborted) continue
    cancelRequest(exchange, new GatewayError('key_revoked'))
    ended++
  }
  return ended
}

/**
 * Ends every request that still runs when the gateway may wait no longer: as above, but its client is told `draining`.
 * Otherwise a cut connection would be taken, and logged, for a client that left.
 */
export function endAll(running: Iterable<RoutedExchange>): void {
  for (const exchange of running) {
    if (!exchange.cancellation.aborted) cancelRequest(exchange, new GatewayError('draining'))
  }
}
