import type { Lease, ScheduleRequest, Settlement } from '@headgate/scheduler'
import type { Untold } from '../policies/policy.ts'
import type { TokenWindow } from '../world/upstream.ts'

/** What a gateway tells the scheduler of requests and answers, but for what a policy is run without. */
export interface Telling {
  /** The request, without the size of its prompt where that is not told. */
  request<T extends ScheduleRequest>(request: T): T
  firstToken(lease: Lease): void
  /** What headers say is left of the account's token limit. */
  limits(lease: Lease, tokens: TokenWindow | undefined): void
  settle(lease: Lease, settlement: Settlement): void
}

export function createTelling(untold: readonly Untold[] = []): Telling {
  const tells = (what: Untold) => !untold.includes(what)
  return {
    request<T extends ScheduleRequest>(request: T): T {
      if (tells('sizes')) return request
      const { inputTokens: _input, estimatedTokens: _estimated, ...rest } = request
      return rest as T
    },
    firstToken(lease) {
      if (tells('ttft')) lease.firstToken()
    },
    limits(lease, tokens) {
      if (tokens !== undefined && tells('limits')) lease.reportLimits({ tokens })
    },
    settle(lease, { outcome, usage, limits }) {
      lease.settle({
        outcome,
        ...(usage !== undefined && tells('usage') ? { usage } : {}),
        ...(limits !== undefined && tells('limits') ? { limits } : {}),
      })
    },
  }
}
