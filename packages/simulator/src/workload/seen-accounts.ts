import { percentile } from '../measure/percentile.ts'
import { firstTokenMs, MEAN_PACE } from '../world/latency.ts'
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
  recorded(): RecordedAccount[]
}

interface Seen {
  /** When limit and priority were seen last. */
  atMs: number
  limit: number
  priority: number
  readonly ratios: number[]
  /** When its requests began, and when they ended. */
  readonly beganMs: number[]
  readonly endedMs: number[]
}

/** Accounts by the rows of decisions that had any: one that found a session's account has none. */
export function createSeenAccounts(): SeenAccounts {
  const seen = new Map<string, Seen>()

  function accountOf(id: string): Seen {
    const known = seen.get(id) ?? { atMs: 0, limit: 0, priority: 0, ratios: [], beganMs: [], endedMs: [] }
    seen.set(id, known)
    return known
  }

  return {
    saw(decision) {
      const { admittedTo, wallMs, waitedMs = 0, durationMs = 0, rows } = decision
      for (const { account: id, limit, priority } of rows) {
        const account = accountOf(id)
        if (wallMs >= account.atMs) Object.assign(account, { atMs: wallMs, limit, priority })
      }
      if (admittedTo === undefined) return
      const account = accountOf(admittedTo)
      account.beganMs.push(wallMs + waitedMs)
      account.endedMs.push(wallMs + waitedMs + durationMs)
      const ratio = paceOf(decision)
      if (ratio !== undefined) account.ratios.push(ratio)
    },
    recorded: () =>
      Array.from(seen, ([id, { limit, priority, ratios, beganMs, endedMs }]) => ({
        id,
        slots: limit > 0 ? limit : 2 * Math.max(1, mostAtOnce(beganMs, endedMs)),
        priority,
        speed: ratios.length === 0 ? 1 : Math.min(100, Math.max(0.01, percentile(ratios, 0.5))),
      })),
  }
}

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

/** How many times slower than the world's mean account this was; undefined when the log does not tell. */
function paceOf({ admittedTo, firstTokenMs: tookMs, usage, rows }: LoggedDecision): number | undefined {
  if (tookMs === undefined || usage === undefined) return undefined
  const row = rows.find(({ account, limit }) => account === admittedTo && limit > 0)
  const use = row === undefined ? 0.5 : Math.min(1, (row.inUse + 1) / row.limit)
  return tookMs / firstTokenMs(MEAN_PACE, usage.inputTokens - usage.cachedTokens, usage.cachedTokens, use)
}
