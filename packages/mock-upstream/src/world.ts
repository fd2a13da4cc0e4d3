import type { Accounts } from './accounts.ts'
import type { MockClock } from './clock.ts'
import type { EntraTokens } from './entra-tokens.ts'
import type { FaultRules } from './faults/fault-rules.ts'
import type { IdSource } from './identifiers.ts'
import type { MockRandom } from './random.ts'
import type { RequestLog } from './request-log.ts'
import type { Scenario } from './scenario.ts'

/** Everything that the requests of one mock share. */
export interface MockWorld {
  readonly clock: MockClock
  readonly random: MockRandom
  readonly nextId: IdSource
  readonly accounts: Accounts
  readonly faults: FaultRules
  readonly scenario: Scenario
  readonly log: RequestLog
  /** Models of accounts whose profile names none. */
  readonly models: readonly string[]
  readonly maxBodyBytes: number
  readonly maxUploadBytes: number
  /** Bytes of an uploaded file that are kept. */
  readonly keptFileBytes: number
  readonly captureBodies: boolean
  readonly entraTokens: EntraTokens
  /** Requests refused with 401. */
  unauthorized: number
}
