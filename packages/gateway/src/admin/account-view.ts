import type { AccountEvent, AccountState, ModelLimits, Scheduler } from '@headgate/scheduler'
import type { AdminAccount, AdminWorld } from './admin-world.ts'

/** An account as the API tells it: what the file says, and how each of its pools sees it now. */
export interface AccountView extends AdminAccount {
  readonly pools: Readonly<Record<string, PoolView>>
}

/** One pool's view of an account. Absent figures are null. */
interface PoolView {
  readonly state: AccountState['state']
  readonly reason: string | null
  /** What an operator has said of it; null when nothing stands. */
  readonly override: AccountState['override'] | null
  readonly inUse: number
  /** Slots at most; null is unlimited. */
  readonly limit: number | null
  readonly waiting: number
  readonly errorRate: number
  readonly ttftMs: number | null
  /** How many times as long as elsewhere a first token is expected to take; null where the profile does not learn. */
  readonly slowness: number | null
  /** Until it may be tried again, in milliseconds; 0 is now, null is not before somebody acts. */
  readonly availableInMs: number | null
  readonly limits: readonly ModelLimits[]
}

/** All accounts in the order of the file. */
export function viewAccounts(world: AdminWorld): AccountView[] {
  const seen = [...world.schedulers()].map(([pool, scheduler]) => ({
    pool,
    scheduler,
    states: new Map(scheduler.accounts().map(state => [state.account, state])),
  }))
  return world.accounts().map(account => {
    const pools: Record<string, PoolView> = {}
    for (const { pool, scheduler, states } of seen) {
      const state = states.get(account.id)
      if (state !== undefined) pools[pool] = viewOf(state, scheduler)
    }
    const { id, kind, priority, stateDomain, limitDomain } = account
    return { id, kind, priority, stateDomain, limitDomain, pools }
  })
}

/** One account; undefined for an id that is none. */
export function viewAccount(world: AdminWorld, id: string): AccountView | undefined {
  return viewAccounts(world).find(account => account.id === id)
}

function viewOf(state: AccountState, scheduler: Scheduler): PoolView {
  return {
    state: state.state,
    reason: state.reason ?? null,
    override: state.override ?? null,
    inUse: state.inUse,
    limit: state.limit > 0 ? state.limit : null,
    waiting: state.waiting,
    errorRate: state.errorRate,
    ttftMs: state.ttftMs ?? null,
    slowness: state.slowness ?? null,
    availableInMs: Number.isFinite(state.availableInMs) ? state.availableInMs : null,
    limits: scheduler.limits(state.account),
  }
}

/** The last changes of accounts' states over all pools, newest first. */
export function viewEvents(
  world: AdminWorld,
  options: { readonly limit: number; readonly account?: string },
): (AccountEvent & { readonly pool: string })[] {
  return [...world.schedulers()]
    .flatMap(([pool, scheduler]) => scheduler.accountEvents().map(event => ({ pool, ...event })))
    .filter(event => options.account === undefined || event.account === options.account)
    .sort((a, b) => b.wallMs - a.wallMs)
    .slice(0, options.limit)
}
