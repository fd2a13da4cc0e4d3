import type { Log } from '../runtime/log.ts'
import type { AccountChange } from './account-change.ts'

/** Reasons that somebody asked for, or that pass by themselves within seconds: nothing to look into. */
const expected: ReadonlySet<string | undefined> = new Set([
  'rate_limited',
  'overloaded',
  'operator',
  'configuration',
])

/** One line per change of an account's state, or of one of its models': `warn` when it went out for a reason that may need a person. */
export function createAccountLog(log: Log): (change: AccountChange) => void {
  return ({ pool, account, from, to, reason, model }) => {
    const fields = { pool, account, from, to, reason, ...(model === undefined ? {} : { model }) }
    const isOut = to === 'cooling_down' || to === 'ejected' || to === 'disabled'
    if (isOut && !expected.has(reason)) log.warn(fields, 'account')
    else log.info(fields, 'account')
  }
}
