import { type AccountHealth, LATE } from './account-health.ts'
import type { InFlight } from './in-flight.ts'

/** From here on an account counts as sick: half as slow again as the fleet. */
const SICK_FROM = 0.4
/** The most requests in flight at one account whose waiting is looked at. */
const LOOK_AT = 8

/** What tells of a sickness: the record, and what is still owed. */
export interface Signs {
  readonly health: AccountHealth
  readonly inFlight: InFlight
}

/**
 * How sick a row is, as a logarithm of how many times slower than the fleet it answers; 0 for one that is well. Of its
 * record, of what it still owes, and of how sick it was lately, the worst counts, and nothing below {@link SICK_FROM}:
 * following every difference of a fifth chases noise, fills the fastest accounts and costs more caches than it saves
 * time (measured; see docs/explanation/routing.md).
 */
export function sicknessOf({ health, inFlight }: Signs, row: number, nowMs: number): number {
  let late = 0
  let lateSum = 0
  let looked = 0
  for (let one = inFlight.oldest(row); one !== undefined && looked < LOOK_AT; one = one.next) {
    looked++
    const ratio = (nowMs - one.admittedMs) / one.predictedMs
    if (ratio < LATE) continue
    late++
    lateSum += Math.log(ratio)
  }
  let log = health.logRatio(row, nowMs, late, lateSum)
  if (looked > 0) {
    // Half of all that wait are late, and more than one: that is no bad luck.
    const owed = late >= 2 && late * 2 >= looked ? lateSum / late : 0
    // While one finds out whether the account is well again, nobody else goes there.
    log = Math.max(log, owed, health.wasSick(row, nowMs))
  }
  return log < SICK_FROM ? 0 : log
}
