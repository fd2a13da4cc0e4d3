import { percentile } from '../measure/percentile.ts'
import { firstTokenMs, MEAN_PACE } from '../world/latency.ts'
import { MOST_SPAN_MS, type Span } from './busiest-span.ts'
import type { LoggedDecision } from './decision-line.ts'

/** An account as a decision log shows it. */
export interface RecordedAccount {
  readonly id: string
  /** Its limit; where the log shows none, twice the most it had in use at once. */
  readonly slots: number
  readonly priority: number
  /** The median of its times to first token over what the simulated world gives an account of mean pace. */
  readonly speed: number
}

/** What decisions show of the accounts they were made among. */
export interface SeenAccounts {
  saw(decision: LoggedDecision): void
  /** By the decisions of a stretch of time alone. */
  recorded(within: Span): RecordedAccount[]
}

interface Seen {
  /** How it stood at an instant; one entry for as long as nothing of it changes. */
  readonly standings: Standing[]
  /** Of each request it was given: when that was decided, began and ended, and its pace, NaN where none is told. */
  readonly decidedMs: number[]
  readonly beganMs: number[]
  readonly endedMs: number[]
  readonly paces: number[]
}

interface Standing {
  firstMs: number
  lastMs: number
  readonly limit: number
  readonly priority: number
}

/** Accounts by the rows of decisions that had any: one that found a session's account has none. */
export function createSeenAccounts(): SeenAccounts {
  const seen = new Map<string, Seen>()

  function accountOf(id: string): Seen {
    const known = seen.get(id) ?? { standings: [], decidedMs: [], beganMs: [], endedMs: [], paces: [] }
    seen.set(id, known)
    return known
  }

  return {
    saw(decision) {
      const { admittedTo, wallMs, waitedMs = 0, durationMs = 0, rows } = decision
      for (const { account: id, limit, priority } of rows)
        stand(accountOf(id).standings, wallMs, limit, priority)
      if (admittedTo === undefined) return
      const account = accountOf(admittedTo)
      account.decidedMs.push(wallMs)
      account.beganMs.push(wallMs + waitedMs)
      account.endedMs.push(wallMs + waitedMs + durationMs)
      account.paces.push(paceOf(decision))
    },
    recorded: within => Array.from(seen).flatMap(([id, account]) => accountWithin(id, account, within)),
  }
}

/** Lines come as requests end, so that instants may go back a little. One that jumps is told apart. */
function stand(standings: Standing[], atMs: number, limit: number, priority: number): void {
  const last = standings.at(-1)
  const isSame = last !== undefined && last.limit === limit && last.priority === priority
  if (isSame && Math.abs(atMs - last.lastMs) <= MOST_SPAN_MS) last.lastMs = Math.max(last.lastMs, atMs)
  else standings.push({ firstMs: atMs, lastMs: atMs, limit, priority })
}

/** None where nothing is seen of it in that time. */
function accountWithin(id: string, seen: Seen, { fromMs, toMs }: Span): RecordedAccount[] {
  const { standings, decidedMs, beganMs, endedMs, paces } = seen
  const isWithin = (_: number, place: number) => decidedMs[place]! >= fromMs && decidedMs[place]! <= toMs
  const began = beganMs.filter(isWithin)
  const stood = standings.filter(({ firstMs, lastMs }) => firstMs <= toMs && lastMs >= fromMs)
  if (stood.length === 0 && began.length === 0) return []
  const { limit, priority } = stood.reduce(
    (latest, one) => (Math.min(one.lastMs, toMs) >= Math.min(latest.lastMs, toMs) ? one : latest),
    UNSEEN,
  )
  const ratios = paces.filter(isWithin).filter(pace => !Number.isNaN(pace))
  return [
    {
      id,
      slots: limit > 0 ? limit : 2 * Math.max(1, mostAtOnce(began, endedMs.filter(isWithin))),
      priority,
      speed: ratios.length === 0 ? 1 : Math.min(100, Math.max(0.01, percentile(ratios, 0.5))),
    },
  ]
}

const UNSEEN: Standing = { firstMs: 0, lastMs: 0, limit: 0, priority: 0 }

/** One that ends when another begins is over before. */
function mostAtOnce(beganMs: readonly number[], endedMs: readonly number[]): number {
  const starts = Float64Array.from(beganMs).sort()
  const ends = Float64Array.from(endedMs).sort()
  let most = 0
  let ended = 0
  for (const [before, startMs] of starts.entries()) {
    while (ends[ended]! <= startMs && ended < before) ended++
    most = Math.max(most, before + 1 - ended)
  }
  return most
}

/** How many times slower than the world's mean account this was; NaN when the log does not tell. */
function paceOf({ admittedTo, firstTokenMs: tookMs, usage, rows }: LoggedDecision): number {
  if (tookMs === undefined || usage === undefined) return Number.NaN
  const row = rows.find(({ account, limit }) => account === admittedTo && limit > 0)
  const use = row === undefined ? 0.5 : Math.min(1, (row.inUse + 1) / row.limit)
  const { inputTokens, cachedTokens: cached } = usage
  return tookMs / firstTokenMs(MEAN_PACE, { uncached: Math.max(0, inputTokens - cached), cached }, use)
}
