import type { Records } from '../measure/records.ts'
import type { SessionStart } from '../workload/session.ts'
import type { WorldAccount } from '../world/accounts.ts'
import type { Incident } from '../world/incidents.ts'
import type { ServerLaw } from '../world/latency.ts'

/** A world with its traffic, ready to be run by any policy. */
export interface World {
  readonly seed: number
  readonly durationMs: number
  readonly accounts: readonly WorldAccount[]
  readonly sessions: readonly SessionStart[]
  readonly incidents: readonly Incident[]
  readonly backgroundErrors: number
  readonly law: ServerLaw
  readonly gateways: number
  readonly staleMs: number
  /** Instants at which every gateway is started anew. */
  readonly restartsMs: readonly number[]
  readonly tenants: readonly TenantRule[]
}

/** How the gateway treats a tenant. */
export interface TenantRule {
  readonly name: string
  readonly weight: number
}

/** What came of a run. */
export interface RunResult {
  readonly policy: string
  readonly world: World
  readonly records: Records
  /**
   * Median real time of a selection, in microseconds: what calling `acquire` takes until it returns its promise; null without
   * a stopwatch.
   */
  readonly selectMicros: number | null
}
