import type { Chance } from '../chance.ts'
import type { Pace } from './latency.ts'

/** An account of the world, as its upstream would have it: nothing here is told to the scheduler but slots and tier. */
export interface WorldAccount extends Pace {
  readonly id: string
  readonly slots: number
  readonly tokensPerMinute: number
  /** The scheduler's `priority`: smaller is better. */
  readonly priority: number
}

/** How a pool of accounts is drawn. */
export interface PoolShape {
  readonly count: number
  /** Tokens one slot serves a minute when never idle: a bucket is 0.55 to 1.45 times what the slots serve. */
  readonly tokensPerSlotMinute: number
  readonly slots?: readonly number[]
  /** Standard deviation of ln(time to read a token). Default 0: all read alike. */
  readonly readingSigma?: number
  /** Cumulative shares of tiers: [0.5, 1] puts the first half in priority 0, the rest in 1. Default one tier. */
  readonly tiers?: readonly number[]
}

const SLOTS: readonly number[] = [4, 8, 16]
/** Standard deviation of ln(speed). */
const SPEED_SIGMA = 0.2
const BASE_MAX_MS = 400
const BUCKET = { least: 0.55, most: 1.45 }

/** Draws a pool: slots 4, 8 or 16, speed lognormal(0.2), base 0 to 0.4 s, bucket 0.55 to 1.45 of what the slots serve. */
export function drawAccounts(shape: PoolShape, chance: Chance): WorldAccount[] {
  const { count, tokensPerSlotMinute, slots: choices = SLOTS, tiers = [1], readingSigma = 0 } = shape
  return Array.from({ length: count }, (_, place) => {
    const slots = choices[chance.below(choices.length)]!
    const share = BUCKET.least + chance.uniform() * (BUCKET.most - BUCKET.least)
    return {
      id: `account-${place}`,
      slots,
      tokensPerMinute: tokensPerSlotMinute * slots * share,
      speed: chance.lognormal(SPEED_SIGMA),
      baseMs: chance.uniform() * BASE_MAX_MS,
      // Drawn only where it matters: whatever is drawn changes all that comes after.
      ...(readingSigma === 0 ? {} : { reading: chance.lognormal(readingSigma) }),
      priority: tiers.findIndex(upTo => place < upTo * count),
    }
  })
}
