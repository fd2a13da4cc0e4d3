import type { Outcome, Profile, ScheduleRequest } from '@headgate/scheduler'
import type { Chance } from '../chance.ts'
import type { WorldAccount } from '../world/accounts.ts'
import type { Ailment } from '../world/incidents.ts'
import type { ServerLaw } from '../world/latency.ts'

/** A request as the simulator's policies see it: with the hashes of its prompt's prefix, which a gateway can compute. */
export interface SimulatedRequest extends ScheduleRequest {
  /** One hash a block of 512 tokens, each standing for the whole prefix up to it. */
  readonly prefix: readonly number[]
  readonly inputTokens: number
  /** Tokens of its prompt that an account holds at this instant. For an oracle: no gateway can know. */
  cachedTokens(account: number): number
}

/** What a policy may be told beyond what the scheduler is: what happened to its choices. */
export interface Observer {
  granted?(account: number, request: SimulatedRequest): void
  firstToken?(account: number, ms: number, request: SimulatedRequest): void
  ended?(account: number, outcome: Outcome, request: SimulatedRequest): void
}

/** How accounts really fare at this instant. For an oracle: no gateway can know. */
export interface Truth {
  ailmentOf(account: number): Readonly<Ailment>
  tokensLeft(account: number): number
}

/** What a policy is made from, once for each gateway of a run. */
export interface PolicyWorld {
  readonly accounts: readonly WorldAccount[]
  readonly chance: Chance
  readonly truth: Truth
  /** How servers behave. For an oracle. */
  readonly law: ServerLaw
  nowMs(): number
}

/** A policy in a run: a profile of the scheduler, and what it wants to hear. */
export interface RunningPolicy {
  readonly profile: Profile
  readonly observer?: Observer
}

/** What a gateway may be unable to tell its scheduler: sizes of prompts, first tokens, what is left of limits, usage. */
export type Untold = 'sizes' | 'ttft' | 'limits' | 'usage'

/**
 * One way to choose accounts. Whatever it is, the same engine runs it: slots, queue, cool-downs and attempts are
 * equal for all, so a league table compares choices and nothing else.
 */
export interface Policy {
  readonly name: string
  /**
   * Whether requests without a session key come with a fingerprint of their beginning instead, as the gateway sends
   * them. Without: such sessions have no key.
   */
  readonly fingerprint: boolean
  /** Whether the gateway hedges what is slower than nearly all, as with `hedge: { after: auto }`: the share it may. */
  readonly hedgeBudget?: number
  /** What the scheduler is not told. Default: it is told everything. */
  readonly untold?: readonly Untold[]
  create(world: PolicyWorld): RunningPolicy
}
