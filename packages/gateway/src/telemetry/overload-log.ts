import type { Log } from '../runtime/log.ts'

/** A change of the overload's level, with what was measured. */
interface OverloadChange {
  readonly from: number
  readonly to: number
  readonly reason: string
  readonly heapShare: number
  readonly loopLagMs: number
  readonly bufferedShare: number
}

/** One line for each change of the overload's level. */
export function createOverloadLog(log: Log): (change: OverloadChange) => void {
  return ({ from, to, reason, ...seen }) => {
    const fields = { from, to, reason, ...seen }
    if (to > from) log.warn(fields, 'The gateway is overloaded: more new work is turned away.')
    else
      log.info(
        fields,
        to === 0 ? 'The overload is over.' : 'The overload eases: less new work is turned away.',
      )
  }
}
