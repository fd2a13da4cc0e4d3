import type { Clock, Random } from '@headgate/scheduler'
import type { LoadProbe } from '../../runtime/load-probe.ts'

/** Bounds beyond which new work is shed. */
export interface OverloadLimits {
  /** Share of the heap's limit, 0 to 1. */
  readonly heap: number
  readonly loopLagMs: number
}

/** What a request asks of it: two field reads. */
export interface Shedding {
  /** Whether new work of this priority is turned away now. */
  sheds(priority: number): boolean
  /** When to come back: spread over some seconds, so that those turned away do not return as one. */
  retryAfterMs(): number
}

/** Watches the process's load and decides what is turned away. */
export interface Overload extends Shedding {
  /** 0: nothing is; each level more turns away work of higher priority. */
  readonly level: number
  close(): void
}

/** Why a level began, or that it is over. */
export interface OverloadChange {
  readonly from: number
  readonly to: number
  readonly reason: 'heap' | 'loop_lag' | 'buffered_bytes' | 'calm'
  readonly heapShare: number
  readonly loopLagMs: number
  readonly bufferedShare: number
}

/** Options of {@link createOverload}. */
export interface OverloadOptions {
  readonly limits: OverloadLimits
  readonly probe: LoadProbe
  readonly clock: Clock
  readonly random: Random
  /** The share of their limit that all buffered bodies take, 0 to 1. */
  readonly bufferedShare: () => number
  /** The priorities of all clients, each once, lowest first. */
  readonly priorities: () => readonly number[]
  readonly onChange: (change: OverloadChange) => void
}

const sampleMs = 250
/** Samples in a row: one long pause (a collection, a snapshot) is no overload. */
const samplesToRaise = 4
const samplesToLower = 8
const maxLevels = 4
const bufferedLimit = 0.9
/** A level ends only well below the bound that began it, or it would come and go with every request let in. */
const calmHeap = 0.95
const calmLag = 0.5
const calmBuffered = 0.7
const retryFromMs = 1000
const retrySpreadMs = 4000

/**
 * Samples the load four times a second. A second beyond a bound raises the level, two seconds well below all of them
 * lower it. Level by level the clients of the lowest priorities are shed first, at most four steps up to all of them.
 *
 * The probe's own figure misses a pause that ends right before it is read, so the lateness of the sample counts too.
 */
export function createOverload(options: OverloadOptions): Overload {
  const { limits, probe, clock, random, priorities, onChange } = options
  let level = 0
  let shedThrough = Number.NEGATIVE_INFINITY
  let over = 0
  let calm = 0
  let dueMs = clock.monotonicMs() + sampleMs
  let cancel = clock.schedule(sampleMs, sample)
  const draw = new Uint32Array(2)

  function sample(): void {
    const nowMs = clock.monotonicMs()
    const load = probe.read()
    const loopLagMs = Math.max(load.loopLagMs, nowMs - dueMs)
    const seen = { heapShare: load.heap, loopLagMs, bufferedShare: options.bufferedShare() }
    const reason = reasonOf(seen, limits)
    over = reason === undefined ? 0 : over + 1
    calm = isCalm(seen, limits) ? calm + 1 : 0
    const all = priorities()
    const highest = Math.min(maxLevels, all.length)
    if (over >= samplesToRaise && level < highest) move(level + 1, { ...seen, reason: reason! })
    else if (level > 0 && (calm >= samplesToLower || level > highest))
      move(level - 1, { ...seen, reason: 'calm' })
    shedThrough = level === 0 ? Number.NEGATIVE_INFINITY : all[Math.ceil((level * all.length) / highest) - 1]!
    dueMs = nowMs + sampleMs
    cancel = clock.schedule(sampleMs, sample)
  }

  function move(to: number, why: Omit<OverloadChange, 'from' | 'to'>): void {
    const from = level
    level = to
    over = 0
    calm = 0
    onChange({ from, to, ...why })
  }

  return {
    sheds: priority => priority <= shedThrough,
    retryAfterMs() {
      random.next64(draw)
      return retryFromMs + Math.floor((draw[0]! / 2 ** 32) * retrySpreadMs)
    },
    get level() {
      return level
    },
    close() {
      cancel()
      probe.close()
    },
  }
}

type Seen = Pick<OverloadChange, 'heapShare' | 'loopLagMs' | 'bufferedShare'>

function reasonOf(seen: Seen, limits: OverloadLimits): Exclude<OverloadChange['reason'], 'calm'> | undefined {
  if (seen.heapShare >= limits.heap) return 'heap'
  if (seen.loopLagMs >= limits.loopLagMs) return 'loop_lag'
  return seen.bufferedShare >= bufferedLimit ? 'buffered_bytes' : undefined
}

function isCalm(seen: Seen, limits: OverloadLimits): boolean {
  return (
    seen.heapShare < limits.heap * calmHeap &&
    seen.loopLagMs < limits.loopLagMs * calmLag &&
    seen.bufferedShare < calmBuffered
  )
}
