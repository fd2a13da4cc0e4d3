import {
  type Account,
  type AcquireOptions,
  type BindingStore,
  balancedProfile,
  createScheduler,
  type HealthStore,
  isSchedulerError,
  type Lease,
  type Profile,
  type ScheduleRequest,
  type Scheduler,
  type SchedulerError,
  type SchedulerOptions,
  type Turns,
} from '../../src/index.ts'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createSeededRandom,
  type ManualClock,
  type MemoryAccountSource,
  type MemoryBindingStore,
} from '../../src/memory/index.ts'
import { createJudgeSlots, type JudgeSlots } from './judge-slots.ts'

/** A scheduler in a world whose clock stands still and whose slots are counted by a judge. */
export interface World {
  readonly clock: ManualClock
  readonly accounts: MemoryAccountSource
  readonly bindings: MemoryBindingStore
  readonly slots: JudgeSlots
  readonly scheduler: Scheduler
  /** Changes one account, or removes it. */
  change(id: string, change: Partial<Account> | 'remove'): void
  add(account: Partial<Account> & { readonly id: string }): void
}

export interface WorldOptions {
  readonly accounts: readonly (Partial<Account> & { readonly id: string })[]
  readonly profile?: Profile
  readonly later?: ((what: string) => Promise<unknown>) | undefined
  readonly batchSize?: number
  readonly renewEveryMs?: number
  readonly health?: HealthStore
  readonly turns?: Turns
  readonly seed?: number
  readonly clock?: ManualClock
  readonly pool?: string
  readonly decisions?: SchedulerOptions['decisions']
  /** Stands between the scheduler and the bindings. */
  wrapBindings?(bindings: MemoryBindingStore): BindingStore
}

export function createWorld(options: WorldOptions): World {
  const clock = options.clock ?? createManualClock()
  const source = createMemoryAccounts(options.accounts.map((account, order) => ({ order, ...account })))
  let nextOrder = options.accounts.length
  const bindings = createMemoryBindings({ clock })
  const limitOf = (id: string) => source.list().find(account => account.id === id)?.concurrency ?? 0
  const slots = createJudgeSlots({
    limitOf,
    later: options.later,
    batchSize: options.batchSize ?? (options.later === undefined ? 1 : undefined),
    renewEveryMs: options.renewEveryMs,
  })
  const scheduler = createScheduler({
    profile: options.profile ?? balancedProfile(),
    accounts: source,
    slots,
    bindings: options.wrapBindings?.(bindings) ?? bindings,
    clock,
    random: createSeededRandom(options.seed ?? 1),
    ...(options.health === undefined ? {} : { health: options.health }),
    ...(options.turns === undefined ? {} : { turns: options.turns }),
    ...(options.pool === undefined ? {} : { pool: options.pool }),
    ...(options.decisions === undefined ? {} : { decisions: options.decisions }),
  })
  return {
    clock,
    accounts: source,
    bindings,
    slots,
    scheduler,
    change(id, change) {
      const list = source.list()
      source.replace(
        change === 'remove'
          ? list.filter(account => account.id !== id)
          : list.map(account => (account.id === id ? { ...account, ...change } : account)),
      )
    },
    add(account) {
      source.replace([...source.list(), { order: nextOrder++, ...account }])
    },
  }
}

/** A request that waits or has a lease, and what came of it so far. */
export interface Asked {
  readonly promise: Promise<Lease>
  lease: Lease | undefined
  error: SchedulerError | undefined
}

/** Acquires and keeps what comes of it where a test can look. */
export function ask(scheduler: Scheduler, request: ScheduleRequest, options?: AcquireOptions): Asked {
  const promise = scheduler.acquire(request, options)
  const asked: Asked = { promise, lease: undefined, error: undefined }
  promise.then(
    lease => {
      asked.lease = lease
    },
    (error: unknown) => {
      if (!isSchedulerError(error)) throw error
      asked.error = error
    },
  )
  return asked
}

/** Lets everything that needs no clock and no gate come to its end. */
export function settled(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Holds calls up until they are let through, one at a time or all. */
export interface Gate {
  pass(what: string): Promise<void>
  /** What waits at the gate, oldest first. */
  readonly waiting: readonly string[]
  /** Lets the oldest (of those that begin so) through and waits until all that follows from it has happened. */
  open(beginning?: string): Promise<void>
  /** Lets everyone through, and whoever comes as a consequence. */
  openAll(): Promise<void>
}

export function createGate(): Gate {
  const held: { readonly what: string; readonly go: () => void }[] = []
  const gate: Gate = {
    pass: what => new Promise(go => held.push({ what, go })),
    get waiting() {
      return held.map(({ what }) => what)
    },
    async open(beginning = '') {
      const at = held.findIndex(({ what }) => what.startsWith(beginning))
      if (at >= 0) held.splice(at, 1)[0]!.go()
      await settled()
    },
    async openAll() {
      await settled()
      while (held.length > 0) await gate.open()
    },
  }
  return gate
}
