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
import {
  type AccountAccess,
  createPoolAccess,
  type ExchangeCount,
  type PoolAccess,
} from '../proxy/pool-access.ts'
import { accountAccess, scheduledAccount } from './account-access.ts'
import { createOperatorWords } from './operator-words.ts'

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
   * scheduling changed gets a new scheduler; exchanges that began with the old one keep it to their end, and the
   * last of them closes it.
   */
  apply(
    accounts: readonly AccountConfig[],
    pools: readonly PoolConfig[],
    accessOf?: (account: AccountConfig) => AccountAccess,
  ): ReadonlyMap<string, PoolAccess>
  /** An operator's word about an account, in force in every pool that has it or will have it; see `Scheduler.operate`. */
  operate(account: string, action: Parameters<Scheduler['operate']>[1]): void
  /** Lets nobody in any more, into pools of later configurations neither, and turns away who waits; leases live on. */
  drain(): void
  close(): void
}

interface Pool {
  readonly scheduler: Scheduler
  readonly accounts: MemoryAccountSource
  /** What the scheduler was made from: any difference makes a new one. */
  readonly made: string
  readonly unwatch: () => void
  /** Exchanges that keep to this scheduler: reading, waiting, holding a lease or between two. */
  exchanges: number
}

/** Creates an empty set. `watch` hears of every new scheduler; what it answers is called when that one goes. */
export function createPoolSet(
  ports: PoolPorts,
  watch: (pool: string, scheduler: Scheduler) => () => void,
): PoolSet {
  const pools = new Map<string, Pool>()
  /** Replaced or removed, and still in use. */
  const retired = new Set<Pool>()
  const words = createOperatorWords()
  let draining = false

  function create(config: PoolConfig, accounts: readonly Account[]): Pool {
    const { profile: name, weights, topK, fairness, wait } = config.scheduler
    const source = createMemoryAccounts(accounts)
    const scheduler = createScheduler({
      pool: config.name,
      profile: PROFILES[name]({
        ...(name === 'classic' || name === 'balanced' ? { weights } : {}),
        ...(topK === undefined ? {} : { topK }),
        fairness,
        wait: {
          pool: {
            timeoutMs: wait.timeoutMs,
            max: wait.max,
            ...(wait.shedMs === undefined ? {} : { shedMs: wait.shedMs }),
          },
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
    words.repeat(scheduler)
    if (draining) scheduler.drain()
    return {
      scheduler,
      accounts: source,
      made: madeFrom(config),
      unwatch: watch(config.name, scheduler),
      exchanges: 0,
    }
  }

  function all(): Scheduler[] {
    return [...pools.values(), ...retired].map(({ scheduler }) => scheduler)
  }

  function retire(pool: Pool): void {
    pool.unwatch()
    retired.add(pool)
    closeIfUnused(pool)
  }

  function closeIfUnused(pool: Pool): void {
    if (pool.exchanges > 0 || !retired.delete(pool)) return
    pool.scheduler.close()
  }

  function countExchanges(pool: Pool): ExchangeCount {
    return {
      begin() {
        pool.exchanges++
      },
      end() {
        pool.exchanges--
        closeIfUnused(pool)
      },
    }
  }

  return {
    get schedulers() {
      return new Map([...pools].map(([name, { scheduler }]) => [name, scheduler]))
    },
    apply(accounts, configs, accessOf = accountAccess) {
      const order = new Map(accounts.map((account, place) => [account.id, { account, place }]))
      const access = new Map<string, PoolAccess>()
      for (const config of configs) {
        const members = config.accounts.map(id => order.get(id)!)
        const scheduled = members.map(({ account, place }) => scheduledAccount(account, place))
        const running = pools.get(config.name)
        const pool = running?.made === madeFrom(config) ? running : create(config, scheduled)
        if (pool === running) {
          pool.accounts.replace(scheduled)
          words.repeat(pool.scheduler)
        } else {
          pools.set(config.name, pool)
          if (running !== undefined) retire(running)
        }
        access.set(
          config.name,
          createPoolAccess({
            name: config.name,
            scheduler: pool.scheduler,
            exchanges: countExchanges(pool),
            // A disabled account is never chosen, and its models are not the pool's to offer.
            accounts: members
              .filter(({ account }) => account.enabled)
              .map(({ account }) => accessOf(account)),
            commit: config.commit,
            firstTokenTimeoutMs: config.firstTokenTimeoutMs,
            totalTimeoutMs: config.totalTimeoutMs,
            unknownOwners: config.unknownOwners,
            hedge: config.hedge,
            lostOwners: config.lostOwners,
            fingerprint: config.fingerprint,
            fillPromptCacheKey: config.fillPromptCacheKey,
            blocks: config.blocks.length === 0 ? undefined : config.blocks,
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
    operate(account, action) {
      words.say(account, action, all())
    },
    drain() {
      draining = true
      for (const scheduler of all()) scheduler.drain()
    },
    close() {
      for (const { unwatch } of pools.values()) unwatch()
      for (const scheduler of all()) scheduler.close()
      retired.clear()
    },
  }
}

function madeFrom({ scheduler }: PoolConfig): string {
  return JSON.stringify(scheduler)
}
