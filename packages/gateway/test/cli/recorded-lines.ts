/** What a decision of a log line says, as far as a test is about it. */
export interface Recorded {
  readonly at: number
  readonly id?: number
  readonly pool?: string
  readonly account?: string
}

/** A line as the gateway's decision log has it. */
export function recordedLine({ at, id = 1, pool = 'main', account = 'one' }: Recorded): string {
  const row = { account, score: 0, share: 1, terms: [], priority: 1, inUse: 1, limit: 8 }
  const decision = {
    ...{ id, pool, wallMs: at, profile: 'balanced', picker: 'weighted_top_k', layer: 'load_balance' },
    request: {
      tenant: 'a',
      model: 'm',
      transport: 'http_sse',
      session: '',
      previousResponse: '',
      group: null,
    },
    ...{ result: 'selected', account, admittedTo: account, waitedMs: 0, durationMs: 900, outcome: 'ok' },
    ...{ candidateCount: 1, topK: 5, loadSkew: 0, filtered: {}, termNames: [], latencyMicros: 5 },
    rows: [{ ...row, loadRate: 12, waiting: 0, errorRate: 0 }],
    attempts: [{ account, result: 'granted', by: 'draw' }],
  }
  return JSON.stringify({
    ...{ v: 1, kind: 'request', wallMs: at + 900 },
    request: { requestId: `req_${at}_${pool}`, tenant: 'a', status: 200 },
    ...{ attempts: [{ account, outcome: 'ok' }], decisions: [decision] },
  })
}
