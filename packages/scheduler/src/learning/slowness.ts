import { type AccountHealth, LATE } from './account-health.ts'
import type { InFlight } from './in-flight.ts'

/** An account counts as sick when it takes half as long again as is usual for it. */
const SICK_FROM = 0.4
/** The most requests in flight at one account whose waiting is looked at. */
const LOOK_AT = 8

/** What tells of an account's pace: the record, and what is still owed. */
export interface Signs {
  readonly health: AccountHealth
  readonly inFlight: InFlight
}

/**
 * How much slower than the fleet a row answers, as a logarithm: 0.69 twice as slow, below 0 faster. That is its usual pace,
 * over minutes, while it is well; and while it is sick the worst of its newest record, of what it still owes, and of how sick
 * it was lately.
 *
 * Nothing in between: whoever follows the newest record from a fifth of a difference on chases noise, fills the fastest accounts and
 * costs more caches than it saves time; the usual pace is a mean over hundreds of answers, and moves nobody to and fro
 * (measured; see docs/explanation/routing.md).
 */
export function slownessOf({ health, inFlight }: Signs, row: number, nowMs: number): number {
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
  const usual = health.usualLog(row, nowMs)
  return log - usual < SICK_FROM ? usual : log
}
