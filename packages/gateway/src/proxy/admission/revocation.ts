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
