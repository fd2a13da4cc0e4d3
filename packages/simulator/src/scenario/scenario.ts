import type { ServerLaw } from '../world/latency.ts'

/** A world to run policies in, as plain data: what a scenario file holds. */
export interface Scenario {
  readonly name: string
  readonly description?: string
  /** How long requests arrive. */
  readonly durationSeconds: number
  readonly accounts: {
    readonly count: number
    /** Slots an account may have, each as likely. Default 4, 8, 16. */
    readonly slots?: readonly number[]
    /** Cumulative shares of priority tiers, the first the best: [0.5, 1]. */
    readonly tiers?: readonly number[]
  }
  readonly workload: {
    readonly kind: WorkloadKind
    /** Requests as a share of what the accounts can serve without any cache, busy all the time. */
    readonly load: number
    /** Share of sessions that carry a session key. Default 0.8. */
    readonly keyedShare?: number
    /** Default: one tenant. */
    readonly tenants?: readonly ScenarioTenant[]
  }
  readonly incidents?: readonly ScenarioIncident[]
  /** Share of attempts that fail without an incident. Default 0. */
  readonly backgroundErrors?: number
  /** How the servers behave where they differ from those that figures are compared by. */
  readonly servers?: {
    /** What load does to a first token. Default `mild`. */
    readonly load?: ServerLaw['load']
    /** How reading a prompt grows with its length. Default `linear`. */
    readonly reading?: ServerLaw['reading']
    /** How differently accounts read: the standard deviation of ln(time a token). Default 0. */
    readonly readingSpread?: number
    /** How long a prefix stays cached after its last use. Default 600. */
    readonly cacheSeconds?: number
    /** Standard deviation of ln(luck) of a first token. Default 0.35. */
    readonly noise?: number
  }
  readonly gateways?: {
    readonly count?: number
    /** How old the loads are that they know of each other. */
    readonly staleSeconds?: number
    /** When all of them are started anew. */
    readonly restartsAtSeconds?: readonly number[]
  }
}

/** Where sessions come from. */
export type WorkloadKind = 'conversation' | 'agents' | 'azure-code' | 'azure-conversation'

export interface ScenarioTenant {
  readonly name: string
  /** Part of all sessions; they add up to 1 at most. */
  readonly share: number
  /** Its share of slots while several wait. Default 1. */
  readonly weight?: number
  readonly fromSeconds?: number
  readonly toSeconds?: number
}

/** What befalls accounts: how many as a count or a share of the pool (`1/8`), picked anew with every seed. */
export type ScenarioIncident = {
  readonly fromSeconds: number
  readonly forSeconds: number
  readonly accounts: number | string
} & (
  | { readonly kind: 'brown_out'; readonly firstToken?: number; readonly decode?: number }
  | { readonly kind: 'dead' }
  | { readonly kind: 'errors'; readonly share?: number }
  | { readonly kind: 'quota'; readonly tokens: number }
)
