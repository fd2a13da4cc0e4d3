import { HedgeBudget } from './hedge-budget.ts'
import { HedgeDelay } from './hedge-delay.ts'

/** What a pool that hedges has saved up and learned. */
export class PoolHedging {
  readonly budget = new HedgeBudget()
  readonly delay = new HedgeDelay()
}
