import { HedgeBudget, HedgeDelay } from '@headgate/scheduler'

/** What a pool that hedges has saved up and learned. */
export class PoolHedging {
  readonly budget = new HedgeBudget()
  readonly delay = new HedgeDelay()
}
