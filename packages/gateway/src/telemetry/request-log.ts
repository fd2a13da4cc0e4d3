import type { RequestRecord } from '../proxy/request-record.ts'
import type { Log } from '../runtime/log.ts'

/**
 * One line per request that is over: `info`, or `warn` when the gateway or an upstream failed it. The record holds
 * no body, no key and no id of a session, and the log's allow-list holds it to that.
 */
export function createRequestLog(log: Log): (record: RequestRecord) => void {
  return record => {
    const { requestId, clientRequestId, remoteAddress, method, route, client, tenant, pool, model } = record
    const { stream, status, errorCode, account, decisionId, attempts, ttftMs, durationMs, usage } = record
    const { bytesIn, bytesOut } = record
    const fields = {
      ...{ requestId, clientRequestId, remoteAddress, method, route, client, tenant, pool, model },
      ...{ stream, status, errorCode, account, decisionId, ttftMs, durationMs, usage, bytesIn, bytesOut },
      // One attempt that went well is told by the line itself.
      attempts: attempts.length > 1 || errorCode !== undefined ? attempts : undefined,
    }
    if (status >= 500) log.warn(fields, 'request')
    else log.info(fields, 'request')
  }
}
