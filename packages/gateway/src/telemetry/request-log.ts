import type { RequestRecord } from '../proxy/request-record.ts'
import type { Log } from '../runtime/log.ts'

/**
 * One line per request that is over: `info`, or `warn` when the gateway or an upstream failed it. The record holds
 * no body, no key and no id of a session, and the log's allow-list holds it to that.
 */
export function createRequestLog(log: Log): (record: RequestRecord) => void {
  return record => {
    const { status, errorCode, attempts } = record
    const fields = {
      requestId: record.requestId,
      clientRequestId: record.clientRequestId,
      remoteAddress: record.remoteAddress,
      method: record.method,
      route: record.route,
      client: record.client,
      tenant: record.tenant,
      pool: record.pool,
      model: record.model,
      stream: record.stream,
      status,
      errorCode,
      account: record.account,
      decisionId: record.decisionId,
      ttftMs: record.ttftMs,
      durationMs: record.durationMs,
      usage: record.usage,
      hedge: record.hedge,
      bytesIn: record.bytesIn,
      bytesOut: record.bytesOut,
      removedItems: record.removedItems === 0 ? undefined : record.removedItems,
      // One attempt that went well is told by the line itself.
      attempts: attempts.length > 1 || errorCode !== undefined ? attempts : undefined,
    }
    if (status >= 500) log.warn(fields, 'request')
    else log.info(fields, 'request')
  }
}
