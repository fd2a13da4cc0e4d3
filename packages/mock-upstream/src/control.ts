import type { AccountProfile } from './account-profile.ts'
import { MockConfigError } from './check-fields.ts'
import type { ActiveFault, FaultRule } from './faults/fault-rules.ts'
import { createCounters } from './request-counters.ts'
import type { RequestRecord } from './request-log.ts'
import type { ScenarioStep } from './scenario.ts'
import { type MockStats, readStats } from './stats.ts'
import type { MockWorld } from './world.ts'

/** The mock's levers, the same in process and under `/__mock/`. Wrong input throws MockConfigError. */
export interface MockControl {
  /** Puts a fault in force and returns its id. */
  fault(rule: FaultRule): string
  /** Clears one fault by id, those made for one account, or all; returns how many. */
  clearFaults(selector?: { readonly id?: string; readonly account?: string }): number
  /** The faults in force, oldest first. */
  faults(): ActiveFault[]
  /** Changes what an account (by name or key) does from its next request on; other fields stay. */
  setProfile(account: string, profile: AccountProfile): void
  /** Starts a script, in place of the one that ran. */
  runScenario(steps: readonly ScenarioStep[]): void
  /** What the mock has counted, and what runs now. */
  stats(): MockStats
  /** The last requests, oldest first. */
  requests(): RequestRecord[]
  /**
   * Back to the start: no faults, no script, configured profiles, full buckets, empty caches, stores, counts and log.
   * Requests that still run stay counted as running.
   */
  reset(): void
}

/** The control of a world. */
export function createControl(world: MockWorld): MockControl {
  const { faults, accounts, scenario, log } = world
  return {
    fault: rule => faults.add(rule),
    clearFaults: selector => faults.clear(selector),
    faults: () => faults.list(),
    setProfile(name, profile) {
      const account = accounts.find(name)
      if (account === undefined) {
        const known = [...accounts.all()].map(({ name }) => name).join(', ') || '(none yet)'
        throw new MockConfigError(`There is no account "${name}". The accounts are: ${known}.`)
      }
      accounts.change(account, profile)
    },
    runScenario: steps => scenario.run(steps),
    stats: () => readStats(world),
    requests: () => log.read(),
    reset() {
      scenario.stop()
      faults.clear()
      log.clear()
      world.unauthorized = 0
      world.entraTokens.clear()
      for (const account of accounts.all()) {
        account.counters = createCounters()
        account.stored.clear()
        account.objects.clear()
        account.promptCache.clear()
        account.concurrency.max = account.concurrency.inFlight
        accounts.renew(account)
      }
    },
  }
}
