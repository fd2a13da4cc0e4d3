import { classicProfile, createScheduler } from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '../../src/memory/index.ts'
import { differences } from './difference.ts'

/** What is remembered of accounts after results were reported. */
export interface RuntimeStatsVector {
  readonly reports: readonly {
    readonly accountId: number
    readonly success: boolean
    readonly firstTokenMs: number | null
  }[]
  readonly snapshots: readonly {
    readonly accountId: number
    readonly errorRate: number
    readonly hasTtft: boolean
    readonly ttft: number
  }[]
  readonly size: number
}

export function checkRuntimeStats({ reports, snapshots, size }: RuntimeStatsVector): string[] {
  const clock = createManualClock()
  const ids = new Set([...reports, ...snapshots].map(({ accountId }) => accountId).filter(id => id > 0))
  const scheduler = createScheduler({
    pool: 'default',
    profile: classicProfile(),
    accounts: createMemoryAccounts([...ids].map(id => ({ id: String(id), order: id }))),
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(1),
  })
  for (const { accountId, success, firstTokenMs } of reports) {
    // The reference's ids are numbers and those up to 0 stand for no account; ours are texts.
    if (accountId > 0) scheduler.report(String(accountId), { success, firstTokenMs })
  }
  const states = new Map(scheduler.accounts().map(state => [state.account, state]))
  const got = snapshots.map(({ accountId }) => {
    const state = states.get(String(accountId))
    const ttft = state?.ttftMs
    return { accountId, errorRate: state?.errorRate ?? 0, hasTtft: ttft !== undefined, ttft: ttft ?? 0 }
  })
  const { runtimeStatsAccountCount } = scheduler.metrics()
  scheduler.close()
  return [...differences('snapshots', snapshots, got), ...differences('size', size, runtimeStatsAccountCount)]
}
