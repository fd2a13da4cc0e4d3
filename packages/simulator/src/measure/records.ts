/** Everything measured of a run, one column a fact; rows in the order in which requests ended and attempts began. */
export interface Records {
  readonly requests: RequestColumns
  readonly attempts: AttemptColumns
  readonly samples: SampleColumns
}

export interface RequestColumns {
  readonly arrivedMs: number[]
  readonly served: boolean[]
  /** From arrival to the first token, waits and failed attempts included; NaN of a request that failed. */
  readonly ttftMs: number[]
  /** What the first token would take at an idle account of mean pace with the best cache. */
  readonly idealMs: number[]
  readonly attempts: number[]
  readonly waitedMs: number[]
  /** Place of the account that served it, -1 of none. */
  readonly account: number[]
  readonly inputTokens: number[]
  readonly reusableTokens: number[]
  readonly cachedTokens: number[]
  /** Place among the world's tenants, -1 when there are none. */
  readonly tenant: number[]
}

export interface AttemptColumns {
  readonly atMs: number[]
  readonly account: number[]
  readonly ok: boolean[]
}

/** The pool once a second. */
export interface SampleColumns {
  readonly atMs: number[]
  readonly waiting: number[]
  readonly inUse: number[]
}

/** No records yet. */
export function createRecords(): Records {
  return {
    requests: {
      arrivedMs: [],
      served: [],
      ttftMs: [],
      idealMs: [],
      attempts: [],
      waitedMs: [],
      account: [],
      inputTokens: [],
      reusableTokens: [],
      cachedTokens: [],
      tenant: [],
    },
    attempts: { atMs: [], account: [], ok: [] },
    samples: { atMs: [], waiting: [], inUse: [] },
  }
}
