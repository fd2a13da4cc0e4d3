import { createRecords, type Records } from '../measure/records.ts'
import { firstTokenMs, MEAN_PACE } from '../world/latency.ts'
import type { Request } from './request.ts'
import type { World } from './world.ts'

/** What a request came to. */
export interface RequestEnd {
  /** Place of the account that served it, -1 of none. */
  readonly servedBy: number
  readonly cachedTokens: number
  /** From its arrival; NaN of a request that nobody served. */
  readonly ttftMs: number
}

/** Writes a run down as it goes. */
export interface Recording {
  readonly records: Records
  attempt(atMs: number, account: number, ok: boolean): void
  ended(request: Request, end: RequestEnd): void
  pool(atMs: number, waiting: number, inUse: number): void
}

export function createRecording({ tenants, law }: World): Recording {
  const records = createRecords()
  const { requests, attempts, samples } = records
  const names = tenants.map(({ name }) => name)
  return {
    records,
    attempt(atMs, account, ok) {
      attempts.atMs.push(atMs)
      attempts.account.push(account)
      attempts.ok.push(ok)
    },
    ended(request, { servedBy, cachedTokens, ttftMs }) {
      const { inputTokens } = request.prompt
      const best = { uncached: inputTokens - request.reusableTokens, cached: request.reusableTokens }
      requests.arrivedMs.push(request.arrivedMs)
      requests.served.push(servedBy >= 0)
      requests.ttftMs.push(ttftMs)
      requests.idealMs.push(firstTokenMs(MEAN_PACE, best, 0, law))
      requests.attempts.push(request.attempts)
      requests.waitedMs.push(request.waitedMs)
      requests.account.push(servedBy)
      requests.inputTokens.push(inputTokens)
      requests.reusableTokens.push(request.reusableTokens)
      requests.cachedTokens.push(cachedTokens)
      requests.tenant.push(names.indexOf(request.schedule.tenant ?? ''))
    },
    pool(atMs, waiting, inUse) {
      samples.atMs.push(atMs)
      samples.waiting.push(waiting)
      samples.inUse.push(inUse)
    },
  }
}
