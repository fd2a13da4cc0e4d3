/** What has been counted since the start or the last reset. */
export interface RequestCounters {
  /** Requests whose head arrived. */
  requests: number
  /** Requests by endpoint name, such as `responses.create`. */
  readonly byEndpoint: Record<string, number>
  /** Ended requests by the status that was sent; `none` when there was none. */
  readonly byStatus: Record<string, number>
  /** Clients that left before the last byte. */
  aborted: number
  /** Generations refused because `concurrency` were running: the client broke the account's limit. */
  concurrencyRefused: number
  /** Generations refused by a token bucket. */
  rateLimited: number
  /** Requests answered by a fault. */
  faults: number
  /** Bytes of uploaded files, read to their end. */
  uploadedBytes: number
  inputTokens: number
  cachedTokens: number
  outputTokens: number
}

/** All at nothing. */
export function createCounters(): RequestCounters {
  return {
    requests: 0,
    byEndpoint: {},
    byStatus: {},
    aborted: 0,
    concurrencyRefused: 0,
    rateLimited: 0,
    faults: 0,
    uploadedBytes: 0,
    inputTokens: 0,
    cachedTokens: 0,
    outputTokens: 0,
  }
}

/** Adds `counters` to `sum`, field by field. */
export function addCounters(sum: RequestCounters, counters: RequestCounters): void {
  for (const [field, value] of Object.entries(counters)) {
    const key = field as keyof RequestCounters
    if (typeof value === 'number')
      (sum as unknown as Record<string, number>)[key] = (sum[key] as number) + value
    else
      for (const [name, count] of Object.entries(value))
        increment(sum[key] as Record<string, number>, name, count as number)
  }
}

/** Adds to a named count. */
export function increment(counts: Record<string, number>, name: string | number, by = 1): void {
  counts[name] = (counts[name] ?? 0) + by
}
