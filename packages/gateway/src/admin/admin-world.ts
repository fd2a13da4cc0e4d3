import type { Clock, Scheduler } from '@headgate/scheduler'
import type { Log } from '../runtime/log.ts'

/** What an operator may say of an account. */
export type OperatorAction = Parameters<Scheduler['operate']>[1]

/** What is told of an account whatever pools it is in; no credential, no address. */
export interface AdminAccount {
  readonly id: string
  readonly kind: string
  readonly priority: number
  readonly stateDomain: string
  readonly limitDomain: string
}

/** What became of a reload. */
export type ReloadReport =
  | {
      readonly kind: 'reloaded'
      readonly accounts: number
      readonly pools: number
      readonly later: readonly string[]
    }
  /** The file cannot be used; the old configuration holds. One line a problem, without values of secrets. */
  | { readonly kind: 'rejected'; readonly problems: readonly string[] }
  /** The configuration came from no file. */
  | { readonly kind: 'no_file' }

/** What the admin API looks at and may do. Everything is asked anew for every request: reloads change it. */
export interface AdminWorld {
  /** The token in force; undefined switches the API off. */
  token(): string | undefined
  /** In the order of the file. */
  accounts(): readonly AdminAccount[]
  /** By pool. */
  schedulers(): ReadonlyMap<string, Scheduler>
  /** In force in all pools of the account at once, and over reloads; false for an account that is none. */
  operate(account: string, action: OperatorAction): boolean
  reload(): Promise<ReloadReport>
  readonly newRequestId: () => string
  readonly clock: Clock
  readonly log: Log
}
