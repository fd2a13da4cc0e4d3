import type { RunResult } from '../run/world.ts'
import type { IncidentKind } from '../world/incidents.ts'
import { quantiles } from './percentile.ts'

/** What a report draws of a run: small, whatever the run's size. */
export interface Figures {
  /** Quantiles of those served, at {@link QUANTILES}. */
  readonly slowdown: readonly number[]
  readonly ttftSeconds: readonly number[]
  readonly binSeconds: number
  /** Most requests waiting in each bin. */
  readonly waiting: readonly number[]
  readonly shares: readonly ShareLine[]
  readonly incidents: readonly IncidentSpan[]
}

/** The share of traffic, in percent, that went somewhere in each bin. */
export interface ShareLine {
  readonly label: string
  /** An account something happens to, an account nothing happens to, or the middle of many such. */
  readonly of: 'sick' | 'well' | 'median' | 'least' | 'most'
  readonly percent: readonly number[]
}

export interface IncidentSpan {
  readonly kind: IncidentKind
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly accounts: readonly string[]
}

/** Where distributions are told: dense at their tail. */
export const QUANTILES: readonly number[] = [
  ...Array.from({ length: 19 }, (_, i) => (i + 1) / 20),
  0.96,
  0.97,
  0.98,
  0.985,
  0.99,
  0.993,
  0.995,
  0.997,
  0.999,
]

const BINS = 80
/** In larger pools the well ones are told by their median and their tenths. */
const MOST_LINES = 16

/** Draws what a report needs from a run's records. */
export function figuresOf(result: RunResult): Figures {
  const { world, records } = result
  const { served, ttftMs, idealMs } = records.requests
  const rows = served.flatMap((ok, row) => (ok ? [row] : []))
  const binMs = world.durationMs / BINS
  return {
    slowdown: quantiles(
      rows.map(row => ttftMs[row]! / idealMs[row]!),
      QUANTILES,
    ),
    ttftSeconds: quantiles(
      rows.map(row => ttftMs[row]! / 1000),
      QUANTILES,
    ),
    binSeconds: binMs / 1000,
    waiting: mostWaiting(result, binMs),
    shares: shareLines(result, binMs),
    incidents: world.incidents.map(({ kind, fromMs, toMs, accounts }) => ({
      ...{ kind, fromSeconds: fromMs / 1000, toSeconds: toMs / 1000 },
      accounts: accounts.map(place => world.accounts[place]!.id),
    })),
  }
}

function mostWaiting({ records }: RunResult, binMs: number): number[] {
  const most = new Array<number>(BINS).fill(0)
  const { atMs, waiting } = records.samples
  for (let i = 0; i < atMs.length; i++) {
    const bin = Math.min(BINS - 1, Math.floor(atMs[i]! / binMs))
    most[bin] = Math.max(most[bin]!, waiting[i]!)
  }
  return most
}

function shareLines({ world, records }: RunResult, binMs: number): ShareLine[] {
  const { atMs, account } = records.attempts
  const counts = world.accounts.map(() => new Array<number>(BINS).fill(0))
  const all = new Array<number>(BINS).fill(0)
  for (let i = 0; i < atMs.length; i++) {
    const bin = Math.floor(atMs[i]! / binMs)
    if (bin >= BINS) continue
    counts[account[i]!]![bin]!++
    all[bin]!++
  }
  const percent = counts.map(bins => bins.map((n, bin) => round((100 * n) / Math.max(1, all[bin]!))))
  const sick = new Set(world.incidents.flatMap(({ accounts }) => accounts))
  const line = (place: number, of: 'sick' | 'well'): ShareLine => ({
    ...{ label: world.accounts[place]!.id, of, percent: percent[place]! },
  })
  const well = percent.flatMap((_, place) => (sick.has(place) ? [] : [place]))
  const shown = [...sick].slice(0, MOST_LINES).map(place => line(place, 'sick'))
  if (well.length <= MOST_LINES) return [...well.map(place => line(place, 'well')), ...shown]
  const middle = (of: ShareLine['of'], q: number): ShareLine => ({
    ...{ label: `${of} of the others`, of },
    percent: all.map(
      (_, bin) =>
        quantiles(
          well.map(place => percent[place]![bin]!),
          [q],
        )[0]!,
    ),
  })
  return [middle('least', 0.1), middle('median', 0.5), middle('most', 0.9), ...shown]
}

function round(figure: number): number {
  return Math.round(figure * 1000) / 1000
}
