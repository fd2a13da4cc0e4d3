import type { RunResult } from '../run/world.ts'
import type { Incident, IncidentKind } from '../world/incidents.ts'
import { type GroupMeasures, groupsOf } from './groups.ts'
import { percentile } from './percentile.ts'
import { type EndShares, endShares } from './served.ts'

/** What a run comes to. Null where there is nothing to measure: no request, no such incident, nothing reusable. */
export interface Measures extends EndShares {
  readonly requests: number
  /** Slowdown = time to first token / ideal of that request; of those served. */
  readonly slow95: number | null
  readonly slow99: number | null
  /** Of requests that arrived during a brown-out. */
  readonly brownSlow99: number | null
  /** Cached share of reusable prompt tokens, of requests served. */
  readonly hitPercent: number | null
  /** Share of attempts on sick accounts during the incident / share before it. */
  readonly deadExposure: number | null
  readonly brownExposure: number | null
  readonly attemptsPerRequest: number | null
  /** From the end of `dead` until its accounts have half their share from before; null when never. */
  readonly returnSeconds: number | null
  readonly selectMicros: number | null
  /** The same for each tenant and each priority tier, where there are several. */
  readonly groups: readonly GroupMeasures[]
}

/** Measures a run. */
export function measure(result: RunResult): Measures {
  const { requests } = result.records
  const slow = slowdowns(result, () => true)
  const count = requests.served.length
  const attempts = requests.attempts.reduce((sum, n) => sum + n, 0)
  return {
    requests: count,
    slow95: finite(percentile(slow, 0.95)),
    slow99: finite(percentile(slow, 0.99)),
    brownSlow99: brownSlow(result),
    ...endShares(requests, [...requests.served.keys()]),
    hitPercent: hitPercent(result),
    deadExposure: exposure(result, 'dead'),
    brownExposure: exposure(result, 'brown_out'),
    attemptsPerRequest: finite(attempts / count),
    returnSeconds: returnSeconds(result),
    selectMicros: result.selectMicros,
    groups: groupsOf(result),
  }
}

function slowdowns({ records }: RunResult, counts: (row: number) => boolean): number[] {
  const { served, ttftMs, idealMs } = records.requests
  const slow: number[] = []
  for (let row = 0; row < served.length; row++)
    if (served[row]! && counts(row)) slow.push(ttftMs[row]! / idealMs[row]!)
  return slow
}

function brownSlow(result: RunResult): number | null {
  const brownOuts = result.world.incidents.filter(({ kind }) => kind === 'brown_out')
  const { arrivedMs } = result.records.requests
  const during = (row: number) =>
    brownOuts.some(({ fromMs, toMs }) => arrivedMs[row]! >= fromMs && arrivedMs[row]! < toMs)
  return finite(percentile(slowdowns(result, during), 0.99))
}

function hitPercent({ records }: RunResult): number | null {
  const { served, reusableTokens, cachedTokens } = records.requests
  let reusable = 0
  let cached = 0
  for (let row = 0; row < served.length; row++) {
    if (!served[row]!) continue
    reusable += reusableTokens[row]!
    cached += Math.min(cachedTokens[row]!, reusableTokens[row]!)
  }
  return reusable === 0 ? null : (cached / reusable) * 100
}

/** Which share of the attempts from here to there went to some accounts. */
function shareOf({ records }: RunResult, accounts: readonly number[], fromMs: number, toMs: number): number {
  const { atMs, account } = records.attempts
  let all = 0
  let theirs = 0
  for (let row = 0; row < atMs.length; row++) {
    if (atMs[row]! < fromMs || atMs[row]! >= toMs) continue
    all++
    if (accounts.includes(account[row]!)) theirs++
  }
  return all === 0 ? Number.NaN : theirs / all
}

function firstOf({ world }: RunResult, kind: IncidentKind): Incident | undefined {
  return world.incidents.find(incident => incident.kind === kind)
}

function exposure(result: RunResult, kind: IncidentKind): number | null {
  const incident = firstOf(result, kind)
  if (incident === undefined) return null
  const { accounts, fromMs, toMs } = incident
  return finite(shareOf(result, accounts, fromMs, toMs) / shareOf(result, accounts, 0, fromMs))
}

/** A share is taken over so long; shorter, chance alone would bring it to a half. */
const WINDOW_MS = 10_000
const STEP_MS = 1_000

function returnSeconds(result: RunResult): number | null {
  const dead = firstOf(result, 'dead')
  if (dead === undefined) return null
  const { accounts, fromMs, toMs } = dead
  const half = shareOf(result, accounts, 0, fromMs) / 2
  for (let atMs = toMs; atMs + WINDOW_MS <= result.world.durationMs; atMs += STEP_MS)
    if (shareOf(result, accounts, atMs, atMs + WINDOW_MS) >= half) return (atMs - toMs) / 1000
  return null
}

function finite(figure: number): number | null {
  return Number.isFinite(figure) ? figure : null
}
