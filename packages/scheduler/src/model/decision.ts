import type { Transport } from './account.ts'
import type { OutcomeKind, Usage } from './outcome.ts'
import type { NoneReason, WaitPlan } from './selection.ts'

/** Where the answer was found. `owner` stands for the hard keys resolved before the profile. */
export type Layer = 'none' | 'previous_response_id' | 'session_hash' | 'load_balance'

/** One candidate as it stood at the moment of the choice. */
export interface DecisionRow {
  readonly account: string
  readonly score: number
  /** What its draw weight was multiplied by: 1 but for a slow start. */
  readonly share: number
  /** The ranker's terms in its own order; their sum, left to right, is the score. */
  readonly terms: readonly number[]
  readonly priority: number
  readonly inUse: number
  /** 0 = unlimited. */
  readonly limit: number
  readonly loadRate: number
  readonly waiting: number
  readonly errorRate: number
  /** Undefined without a sample. */
  readonly ttftMs: number | undefined
}

/**
 * Why accounts of the pool were no candidates, by count. Where a profile samples, the last three count those that were
 * drawn.
 */
export interface FilterCounts {
  readonly platform: number
  readonly model: number
  readonly transport: number
  readonly domain: number
  readonly unavailable: number
  /** This request has failed there before. */
  readonly excluded: number
  /** Rate limited for the model, or too little left of a limit for this request. */
  readonly limited: number
}

/** One slot asked for: which account, and what came of it. */
export interface DecisionAttempt {
  readonly account: string
  /** `seen_full`: the columns showed it full, so the store was not asked. */
  readonly result: 'granted' | 'full' | 'error' | 'seen_full'
  /** How it came to be tried: drawn among the top K, next in rank order after them, as a probe, bound, or freed while it waited. */
  readonly by: 'draw' | 'rank' | 'probe' | 'binding' | 'queue'
}

/** How the request got in, and how it ended; each part undefined until it happened. */
export interface DecisionOutcome {
  readonly admittedTo: string | undefined
  readonly waitedMs: number | undefined
  readonly firstTokenMs: number | undefined
  /** `lost`: its slot was given to another before it ended, because it was not renewed in time. */
  readonly outcome: OutcomeKind | 'lost' | undefined
  readonly usage: Usage | undefined
  readonly durationMs: number | undefined
  /** Why it left without a slot; undefined while it may still get one. */
  readonly turnedAway: TurnedAway | undefined
}

/** How a request that was to wait left without a slot. */
export interface TurnedAway {
  readonly code:
    | 'queue_full'
    | 'queue_timeout'
    | 'owner_unavailable'
    | 'owner_gone'
    | 'no_accounts'
    | 'aborted'
    | 'draining'
  /** For people: what stood in the way, and its limit. */
  readonly message: string
  /** In the queue; undefined where it did not get into it. */
  readonly waitedMs: number | undefined
}

/**
 * The record of one selection: bounded, immutable, and enough to replay the choice without anything else.
 * It holds no prompt and no key in clear.
 */
export interface Decision extends DecisionOutcome {
  readonly id: number
  readonly profile: string
  /** The picker's name: it tells how the order was drawn. */
  readonly picker: string
  readonly pool: string
  readonly wallMs: number
  readonly request: {
    readonly tenant: string
    readonly model: string
    readonly transport: Transport
    readonly session: string
    readonly previousResponse: string
    readonly group: string | null
    /** The first 16 of them. */
    readonly owners: readonly string[]
    readonly excluded: readonly string[]
  }
  readonly layer: Layer
  readonly result: 'selected' | 'wait' | 'none'
  readonly reason: NoneReason | undefined
  readonly plan: WaitPlan | undefined
  /** The account chosen, or named by the wait plan. */
  readonly account: string | undefined
  readonly accountType: string
  readonly stickyPreviousHit: boolean
  readonly stickySessionHit: boolean
  /** The state domain the hard keys led to. */
  readonly domain: string | undefined
  /** Accounts that were compared: all that could serve, or the profile's sample of them. */
  readonly candidateCount: number
  readonly topK: number
  readonly loadSkew: number
  readonly filtered: FilterCounts
  /** 64 bits as unsigned decimal text; undefined when nothing was drawn. */
  readonly seed: string | undefined
  /** `ms`: scores and terms are minus a cost in milliseconds. */
  readonly scoreUnit: 'ms' | undefined
  /** Names of the terms in every row. */
  readonly termNames: readonly string[]
  /** The first `topK` are the best, best first; all other candidates follow when captured in full. */
  readonly rows: readonly DecisionRow[]
  /** Accounts in the order they were tried: the first sixteen, or fifteen and the newest that came free while it waited. */
  readonly attempts: readonly DecisionAttempt[]
  readonly latencyMicros: number
}
