/**
 * The last decisions as numbers in one typed array, turned into objects only when somebody reads one: recording
 * costs tens of nanoseconds, keeps no garbage and is bounded whatever the traffic.
 *
 * Longer than other files because the layout and its reading are one thing.
 */

import type { Columns } from '../columns/columns.ts'
import { SchedulerError } from '../errors.ts'
import type { Decision, DecisionAttempt, DecisionRow, Layer, TurnedAway } from '../model/decision.ts'
import type { Usage } from '../model/outcome.ts'
import type { ScheduleRequest } from '../model/request.ts'
import type { NoneReason, WaitPlan } from '../model/selection.ts'
import { uint64Text } from '../random.ts'
import { BOUNDS, type Ranker } from '../rankers/ranker.ts'
import type { EligibleSet } from './eligible-set.ts'

export const LAYERS: readonly Layer[] = ['none', 'previous_response_id', 'session_hash', 'load_balance']
const RESULTS = ['selected', 'wait', 'none'] as const
const UNFINISHED = RESULTS.indexOf('none')
const ATTEMPT_RESULTS = ['granted', 'full', 'error', 'seen_full'] as const
const ATTEMPT_ORIGINS = ['draw', 'rank', 'probe', 'binding', 'queue'] as const
type End = NonNullable<Decision['outcome']>

const ENDS = Object.keys({
  ok: 0,
  client_error: 0,
  client_abort: 0,
  policy: 0,
  rate_limited: 0,
  quota_exhausted: 0,
  auth_broken: 0,
  overloaded: 0,
  server_error: 0,
  timeout: 0,
  transport_error: 0,
  blocked: 0,
  lost: 0,
} satisfies Record<End, 0>) as End[]

/** An attempt in one number: row x 32 + result x 8 + origin. */
const PER_ROW = 32
const PER_RESULT = 8

export type AttemptResult = (typeof ATTEMPT_RESULTS)[number]
export type AttemptOrigin = (typeof ATTEMPT_ORIGINS)[number]

/** What a finished selection says of itself; see the fields of {@link Decision}. */
export interface DecisionFacts {
  layer: Layer
  result: Decision['result']
  reason: NoneReason | undefined
  plan: WaitPlan | undefined
  row: number
  stickyPreviousHit: boolean
  stickySessionHit: boolean
  domain: string | undefined
  set: EligibleSet | undefined
  candidateCount: number
  unavailable: number
  excluded: number
  limited: number
  topK: number
  loadSkew: number
  seeded: boolean
  seedLow: number
  seedHigh: number
  latencyMicros: number
}

// The header of a record.
const ID = 0
const WALL = 1
const LAYER = 2
const RESULT = 3
const ROW = 4
const FLAGS = 5
const CANDIDATES = 6
const TOP_K = 7
const SKEW = 8
const SEED_LOW = 9
const SEED_HIGH = 10
const LATENCY = 11
const UNAVAILABLE = 12
const EXCLUDED = 13
const ROWS = 14
const TRIED = 15
const ADMITTED = 16
const WAITED = 17
const FIRST_TOKEN = 18
const OUTCOME = 19
const INPUT = 20
const CACHED = 21
const OUTPUT = 22
const DURATION = 23
const LIMITED = 24
const TRIES = 25
const MAX_TRIES = 16
const FIGURES = TRIES + MAX_TRIES
const HEADER = FIGURES + BOUNDS
/** Facts of one candidate, before what its ranker adds. */
const FACTS = 10

const SEEDED = 1
const PREVIOUS_HIT = 2
const SESSION_HIT = 4

interface References {
  request: ScheduleRequest
  reason: NoneReason | undefined
  plan: WaitPlan | undefined
  domain: string | undefined
  set: EligibleSet | undefined
  turnedAway: TurnedAway | undefined
}

/** The ring's place in the engine: one a scheduler. */
export class DecisionRing {
  readonly #columns: Columns
  readonly #names: { readonly profile: string; readonly picker: string; readonly pool: string }
  readonly #ranker: Ranker
  readonly data: Float64Array
  readonly #starts: Float64Array
  readonly #references: (References | undefined)[]
  readonly stride: number
  #oldest = 1
  #next = 1
  #write = 0

  /** `capacity` decisions at most, in `doubles` * 8 bytes: whichever is reached first drops the oldest. */
  constructor(
    columns: Columns,
    names: { readonly profile: string; readonly picker: string; readonly pool: string },
    ranker: Ranker,
    { capacity = 1024, doubles = 1 << 18 }: { readonly capacity?: number; readonly doubles?: number } = {},
  ) {
    checkSize('decisions.capacity', capacity, 1)
    checkSize('decisions.doubles', doubles, HEADER + 64 * (FACTS + (ranker.recorded ?? 0)))
    this.#columns = columns
    this.#names = names
    this.#ranker = ranker
    this.stride = FACTS + (ranker.recorded ?? 0)
    this.data = new Float64Array(doubles)
    this.#starts = new Float64Array(capacity)
    this.#references = new Array(capacity).fill(undefined)
  }

  /** The oldest id that can still be read; equal to `nextId` when none can. */
  get oldestId(): number {
    return this.#oldest
  }

  get nextId(): number {
    return this.#next
  }

  /** Opens a record with room for `rows` candidates and answers its id. */
  open(request: ScheduleRequest, rows: number, wallMs: number): number {
    const length = HEADER + rows * this.stride
    const at = this.#room(length)
    const id = this.#next++
    const slot = id % this.#starts.length
    this.#starts[slot] = at
    this.#references[slot] = {
      request: remembered(request),
      reason: undefined,
      plan: undefined,
      domain: undefined,
      set: undefined,
      turnedAway: undefined,
    }
    const data = this.data
    // A selection whose store answers later can be read before it is finished: it shows nothing of the last lap.
    data.fill(0, at, at + TRIES)
    data[at + RESULT] = UNFINISHED
    data[at + ROW] = -1
    data[at + ID] = id
    data[at + WALL] = wallMs
    data[at + ROWS] = rows
    data[at + TRIED] = 0
    data[at + ADMITTED] = -1
    data[at + OUTCOME] = -1
    data[at + FIRST_TOKEN] = -1
    data[at + INPUT] = -1
    return id
  }

  /** Writes the facts of candidates as they stand now, with the ranking's bounds; answers where its own numbers go. */
  writeFacts(
    id: number,
    { rows, scores }: { readonly rows: Int32Array; readonly scores: Float64Array },
    n: number,
    bounds: Float64Array,
  ): { offset: number; stride: number } {
    const { data, stride } = this
    const { share, priority, inUse, limit, loadRate, waiting, errorRate, ttftMs } = this.#columns
    const start = this.#starts[id % this.#starts.length]! + HEADER
    for (let i = 0; i < BOUNDS; i++) data[start - BOUNDS + i] = bounds[i]!
    for (let i = 0, to = start; i < n; i++, to += stride) {
      const row = rows[i]!
      data[to] = row
      data[to + 1] = scores[i]!
      data[to + 2] = share[row]!
      data[to + 3] = priority[row]!
      data[to + 4] = inUse[row]!
      data[to + 5] = limit[row]!
      data[to + 6] = loadRate[row]!
      data[to + 7] = waiting[row]!
      data[to + 8] = errorRate[row]!
      data[to + 9] = ttftMs[row]!
    }
    return { offset: start + FACTS, stride }
  }

  tried(id: number, row: number, result: AttemptResult, by: AttemptOrigin): void {
    const at = this.#find(id)
    if (at < 0) return
    const count = this.data[at + TRIED]!
    // A store that fails is asked again and again for who waits: the newest of that is kept, and the order of the draw.
    if (count >= MAX_TRIES && by !== 'queue') return
    const place = Math.min(count, MAX_TRIES - 1)
    this.data[at + TRIES + place] =
      row * PER_ROW + ATTEMPT_RESULTS.indexOf(result) * PER_RESULT + ATTEMPT_ORIGINS.indexOf(by)
    this.data[at + TRIED] = place + 1
  }

  /** Completes the header. */
  finish(id: number, facts: DecisionFacts): void {
    const at = this.#find(id)
    if (at < 0) return
    const references = this.#references[id % this.#starts.length]!
    references.reason = facts.reason
    references.plan = facts.plan
    references.domain = facts.domain
    references.set = facts.set
    const data = this.data
    data[at + LAYER] = LAYERS.indexOf(facts.layer)
    data[at + RESULT] = RESULTS.indexOf(facts.result)
    data[at + ROW] = facts.row
    data[at + FLAGS] =
      (facts.seeded ? SEEDED : 0) |
      (facts.stickyPreviousHit ? PREVIOUS_HIT : 0) |
      (facts.stickySessionHit ? SESSION_HIT : 0)
    data[at + CANDIDATES] = facts.candidateCount
    data[at + TOP_K] = facts.topK
    data[at + SKEW] = facts.loadSkew
    data[at + SEED_LOW] = facts.seedLow
    data[at + SEED_HIGH] = facts.seedHigh
    data[at + LATENCY] = facts.latencyMicros
    data[at + UNAVAILABLE] = facts.unavailable
    data[at + EXCLUDED] = facts.excluded
    data[at + LIMITED] = facts.limited
  }

  /** A slot was taken, at once or after a wait. */
  admitted(id: number, row: number, waitedMs: number, isSessionHit = false): void {
    const at = this.#find(id)
    if (at < 0) return
    this.data[at + ADMITTED] = row
    this.data[at + WAITED] = waitedMs
    if (isSessionHit) this.data[at + FLAGS] = this.data[at + FLAGS]! | SESSION_HIT
  }

  /** It left the queue, or was not let in. */
  turnedAway(id: number, how: TurnedAway): void {
    if (this.#find(id) >= 0) this.#references[id % this.#starts.length]!.turnedAway = how
  }

  /** The lease ended. */
  ended(
    id: number,
    end: {
      readonly outcome: End | undefined
      readonly firstTokenMs: number
      readonly durationMs: number
      readonly usage: Usage | undefined
    },
  ): void {
    const at = this.#find(id)
    if (at < 0) return
    const data = this.data
    data[at + OUTCOME] = end.outcome === undefined ? -1 : ENDS.indexOf(end.outcome)
    data[at + FIRST_TOKEN] = end.firstTokenMs
    data[at + DURATION] = end.durationMs
    if (end.usage === undefined) return
    data[at + INPUT] = end.usage.inputTokens
    data[at + CACHED] = end.usage.cachedTokens
    data[at + OUTPUT] = end.usage.outputTokens
  }

  /** The newest decisions first. */
  latest(limit: number): Decision[] {
    const found: Decision[] = []
    for (let id = this.#next - 1; id >= this.#oldest && found.length < limit; id--) {
      const decision = this.read(id)
      if (decision !== undefined) found.push(decision)
    }
    return found
  }

  /** Reads one decision; undefined once overwritten. */
  read(id: number): Decision | undefined {
    const at = this.#find(id)
    if (at < 0) return undefined
    const data = this.data
    const { request, reason, plan, domain, set, turnedAway } = this.#references[id % this.#starts.length]!
    const flags = data[at + FLAGS]!
    const row = data[at + ROW]!
    const admitted = data[at + ADMITTED]!
    const outcome = data[at + OUTCOME]!
    const firstToken = data[at + FIRST_TOKEN]!
    const ended = data[at + DURATION]!
    return {
      id,
      profile: this.#names.profile,
      picker: this.#names.picker,
      pool: this.#names.pool,
      wallMs: data[at + WALL]!,
      request: requestFacts(request),
      layer: LAYERS[data[at + LAYER]!]!,
      result: RESULTS[data[at + RESULT]!]!,
      reason,
      plan,
      account: row < 0 ? undefined : this.#columns.ids[row]!,
      accountType: row < 0 ? '' : (this.#columns.accounts[row]?.type ?? ''),
      stickyPreviousHit: (flags & PREVIOUS_HIT) !== 0,
      stickySessionHit: (flags & SESSION_HIT) !== 0,
      domain,
      candidateCount: data[at + CANDIDATES]!,
      topK: data[at + TOP_K]!,
      loadSkew: data[at + SKEW]!,
      filtered: {
        platform: set?.filtered.platform ?? 0,
        model: set?.filtered.model ?? 0,
        transport: set?.filtered.transport ?? 0,
        domain: set?.filtered.domain ?? 0,
        unavailable: data[at + UNAVAILABLE]!,
        excluded: data[at + EXCLUDED]!,
        limited: data[at + LIMITED]!,
      },
      seed: flags & SEEDED ? uint64Text(data[at + SEED_LOW]!, data[at + SEED_HIGH]!) : undefined,
      scoreUnit: this.#ranker.unit,
      termNames: this.#ranker.termNames,
      rows: Array.from({ length: data[at + ROWS]! }, (_, place) => this.#readRow(at, place)),
      attempts: Array.from({ length: data[at + TRIED]! }, (_, n) => this.#readAttempt(data[at + TRIES + n]!)),
      latencyMicros: data[at + LATENCY]!,
      admittedTo: admitted < 0 ? undefined : this.#columns.ids[admitted]!,
      waitedMs: admitted < 0 ? undefined : data[at + WAITED]!,
      firstTokenMs: firstToken < 0 ? undefined : firstToken,
      outcome: outcome < 0 ? undefined : ENDS[outcome]!,
      usage:
        data[at + INPUT]! < 0
          ? undefined
          : {
              inputTokens: data[at + INPUT]!,
              cachedTokens: data[at + CACHED]!,
              outputTokens: data[at + OUTPUT]!,
            },
      durationMs: outcome < 0 ? undefined : ended,
      turnedAway,
    }
  }

  #readRow(at: number, place: number): DecisionRow {
    const data = this.data
    const from = at + HEADER + place * this.stride
    const ttft = data[from + 9]!
    const facts = {
      account: this.#columns.ids[data[from]!]!,
      score: data[from + 1]!,
      share: data[from + 2]!,
      priority: data[from + 3]!,
      inUse: data[from + 4]!,
      limit: data[from + 5]!,
      loadRate: data[from + 6]!,
      waiting: data[from + 7]!,
      errorRate: data[from + 8]!,
      ttftMs: Number.isNaN(ttft) ? undefined : ttft,
    }
    const bounds = data.subarray(at + FIGURES, at + HEADER)
    return {
      ...facts,
      terms: this.#ranker.terms(facts, bounds, data.subarray(from + FACTS, from + this.stride)),
    }
  }

  #readAttempt(packed: number): DecisionAttempt {
    return {
      account: this.#columns.ids[Math.floor(packed / PER_ROW)]!,
      result: ATTEMPT_RESULTS[Math.floor((packed % PER_ROW) / PER_RESULT)]!,
      by: ATTEMPT_ORIGINS[packed % PER_RESULT]!,
    }
  }

  #find(id: number): number {
    return id >= this.#oldest && id < this.#next ? this.#starts[id % this.#starts.length]! : -1
  }

  /** A place for `length` doubles, dropping the oldest records that stand in the way. */
  #room(length: number): number {
    if (this.#next - this.#oldest >= this.#starts.length) this.#oldest++
    let at = this.#write
    if (at + length > this.data.length) {
      // What lies behind the write position is the oldest of all, and would be overtaken by the new lap.
      while (this.#oldest < this.#next && this.#startOf(this.#oldest) >= at) this.#oldest++
      at = 0
    }
    while (this.#oldest < this.#next) {
      const start = this.#startOf(this.#oldest)
      if (start < at || start >= at + length) break
      this.#oldest++
    }
    this.#write = at + length
    return at
  }

  #startOf(id: number): number {
    return this.#starts[id % this.#starts.length]!
  }
}

/** The most hard keys that a record keeps: a request may have thousands, and the ring outlives it. */
const maxOwners = 16

function remembered(request: ScheduleRequest): ScheduleRequest {
  const { owners } = request
  return owners === undefined || owners.length <= maxOwners
    ? request
    : { ...request, owners: owners.slice(0, maxOwners) }
}

function requestFacts(request: ScheduleRequest): Decision['request'] {
  return {
    tenant: request.tenant ?? '',
    model: request.model,
    transport: request.transport ?? '',
    session: request.session ?? '',
    previousResponse: request.previousResponse ?? '',
    group: request.group ?? null,
    owners: request.owners ?? [],
    excluded: [...(request.excluded ?? [])],
  }
}

function checkSize(name: string, given: number, least: number): void {
  if (Number.isInteger(given) && given >= least) return
  throw new SchedulerError(
    'invalid_profile',
    `${name} is ${given}; it must be a whole number of at least ${least}.`,
  )
}
