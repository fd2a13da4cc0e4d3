import type { UpstreamTarget } from '../../wire/upstream.ts'
import { collect } from '../attempt/collect.ts'
import type { RoutedExchange } from '../request-exchange.ts'

/**
 * Deletes what an abandoned attempt may have left stored upstream, where nobody would ever find it.
 * In the background and without promise: a server that cannot delete keeps it until it expires.
 */
export function discardOrphan(exchange: RoutedExchange, target: UpstreamTarget, id: string): void {
  const { upstream, clock, log } = exchange.deps
  const request = {
    target,
    method: 'DELETE',
    path: `${exchange.route.pattern.slice('/v1'.length)}/${id}`,
    headers: [['accept', 'application/json']] as const,
    body: null,
  }
  const told = { requestId: exchange.trace.requestId, account: target.accountId }
  void collect(upstream, request, { limitBytes: 64 << 10, clock }).then(answer => {
    const deleted = answer.kind === 'reply' && answer.status < 300
    if (!deleted) log.info(told, 'An abandoned response could not be deleted upstream.')
  })
}
