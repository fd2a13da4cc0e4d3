import {
  type Account,
  type BindingStore,
  type Clock,
  createScheduler,
  type HealthStore,
  PROFILES,
  type Random,
  type Scheduler,
  type SlotStore,
} from '@headgate/scheduler'
import { createMemoryAccounts, type MemoryAccountSource } from '@headgate/scheduler/memory'
import type { AccountConfig, PoolConfig } from '../config/config.ts'
import { createPoolAccess, type PoolAccess } from '../proxy/pool-access.ts'
import { accountAccess, scheduledAccount } from './account-access.ts'

/** What all pools of a process share. */
export interface PoolPorts {
  readonly slots: SlotStore
  readonly bindings: BindingStore
  readonly clock: Clock
  readonly random: Random
  /** Another end of the same health store for every scheduler. */
  readonly health: () => HealthStore
}

/** The pools of the configuration in force, each with its scheduler. */
export interface PoolSet {
  readonly schedulers: ReadonlyMap<string, Scheduler>
  /**
   * Takes over accounts and pools of a new configuration and answers what the data plane needs of it. A pool whose
   * scheduling changed gets a new scheduler; whoever waits in the old one keeps its place there.
   */
  apply(accounts: readonly AccountConfig[], pools: readonly PoolConfig[]): ReadonlyMap<string, PoolAccess>
  /** Lets nobody in any more and turns away who waits; leases live on. */
  drain(): void
  close(): void
}

interface Pool {
  readonly scheduler: Scheduler
  readonly accounts: MemoryAccountSource
  /** What the scheduler was made from: any difference makes a new one. */
  readonly made: string
  readonly unwatch: () => void
}

/** Creates an empty set. `watch` hears of every new scheduler; what it answers is called when that one goes. */
export function createPoolSet(
  ports: PoolPorts,
  watch: (pool: string, scheduler: Scheduler) => () => void,
): PoolSet {
  const pools = new Map<string, Pool>()

  function create(config: PoolConfig, accounts: readonly Account[]): Pool {
    const { profile: name, weights, topK, wait } = config.scheduler
    const source = createMemoryAccounts(accounts)
    const scheduler = createScheduler({
      pool: config.name,
      profile: PROFILES[name]({
        weights,
        topK,
        wait: {
          pool: { timeoutMs: wait.timeoutMs, max: wait.max },
          owner: { timeoutMs: wait.ownerTimeoutMs, max: wait.max },
        },
      }),
      accounts: source,
      slots: ports.slots,
      bindings: ports.bindings,
      health: ports.health(),
      clock: ports.clock,
      random: ports.random,
    })
    return { scheduler, accounts: source, made: madeFrom(config), unwatch: watch(config.name, scheduler) }
  }

  /** Whoever waits is served or times out within the longest wait; after that nobody is left to be turned away. */
  function retire(pool: Pool): void {
    pool.unwatch()
    const { scheduler } = pool
    const closeWhenEmpty = (): void => {
      if (scheduler.queueDepth === 0) scheduler.close()
      else ports.clock.schedule(1000, closeWhenEmpty)
    }
    closeWhenEmpty()
  }

  return {
    get schedulers() {
      return new Map([...pools].map(([name, { scheduler }]) => [name, scheduler]))
    },
    apply(accounts, configs) {
      const order = new Map(accounts.map((account, place) => [account.id, { account, place }]))
      const access = new Map<string, PoolAccess>()
      for (const config of configs) {
        const members = config.accounts.map(id => order.get(id)!)
        const scheduled = members.map(({ account, place }) => scheduledAccount(account, place))
        const running = pools.get(config.name)
        const kept = running?.made === madeFrom(config) ? running : undefined
        if (kept !== undefined) kept.accounts.replace(scheduled)
        else {
          pools.set(config.name, create(config, scheduled))
          if (running !== undefined) retire(running)
        }
        access.set(
          config.name,
          createPoolAccess({
            name: config.name,
            scheduler: pools.get(config.name)!.scheduler,
            // A disabled account is never chosen, and its models are not the pool's to offer.
            accounts: members
              .filter(({ account }) => account.enabled)
              .map(({ account }) => accountAccess(account)),
            commit: config.commit,
            firstTokenTimeoutMs: config.firstTokenTimeoutMs,
            unknownOwners: config.unknownOwners,
          }),
        )
      }
      for (const [name, pool] of pools) {
        if (access.has(name)) continue
        pools.delete(name)
        retire(pool)
      }
      return access
    },
    drain() {
      for (const { scheduler } of pools.values()) scheduler.drain()
    },
    close() {
      for (const { scheduler, unwatch } of pools.values()) {
        unwatch()
        scheduler.close()
      }
    },
  }
}

function madeFrom({ scheduler }: PoolConfig): string {
  return JSON.stringify(scheduler)
}
