import type { BindingStore, Clock, Scheduler } from '@headgate/scheduler'
import { createMemoryHealth, createMemorySlots } from '@headgate/scheduler/memory'
import type { AccountConfig, Config } from '../config/config.ts'
import { createDiscovery } from '../discovery/discovery.ts'
import { createOverload, type OverloadChange } from '../proxy/admission/overload.ts'
import { createPipeline, type Pipeline } from '../proxy/pipeline.ts'
import type { PipelineSnapshot } from '../proxy/pipeline-deps.ts'
import type { AccountAccess } from '../proxy/pool-access.ts'
import type { RequestRecord } from '../proxy/request-record.ts'
import type { LoadProbe } from '../runtime/load-probe.ts'
import type { Log } from '../runtime/log.ts'
import { createNodeRandom } from '../runtime/random.ts'
import type { AccountChange } from '../telemetry/account-change.ts'
import { createDecisionLog } from '../telemetry/decision-log.ts'
import { knowCredentials } from '../text/credentials.ts'
import { createUpstream } from '../upstream/client.ts'
import { withCredentials } from '../upstream/credentialed.ts'
import { newRequestId } from '../wire/request-id.ts'
import { accountAccess } from './account-access.ts'
import { clientAccess } from './client-access.ts'
import { configCredentials } from './config-credentials.ts'
import { discoverable, probePlace } from './discoverable.ts'
import { inOrder } from './in-order.ts'
import { pipelineLimits } from './pipeline-limits.ts'
import { createPoolSet } from './pool-set.ts'
import { inForce, restartOnly } from './restart-only.ts'
import { createTokenSources, type TokenSources, tokenPlace } from './token-sources.ts'

/** What a data plane is told; whoever drives it makes these. */
export interface DataPlaneOptions {
  readonly config: Config
  readonly bindings: BindingStore
  /** Throws while nothing can be bound; absent: that is found out by binding. */
  readonly checkBindings?: (() => void) | undefined
  readonly clock: Clock
  /** For what goes on beside requests (tokens, discovery). Default: `clock`. */
  readonly background?: Clock
  readonly log: Log
  /** Hears of every new scheduler; what it answers is called when that one goes. */
  readonly watch?: (pool: string, scheduler: Scheduler) => () => void
  /** Hears of every change of an account's state, by pool. */
  readonly onAccount?: (change: AccountChange) => void
  /** Hears of every request when it is over. */
  readonly onRequest?: (record: RequestRecord) => void
  /** Measures the process, so that new work is shed while it is overloaded; absent: nothing is. */
  readonly probe?: LoadProbe
  /** Hears of every change of the overload's level. */
  readonly onOverload?: (change: OverloadChange) => void
}

/** Everything between a client's request and the upstreams, whatever brings the requests. */
export interface DataPlane {
  readonly handle: Pipeline['handle']
  /** The configuration in force. */
  readonly config: Config
  /** By pool. */
  readonly schedulers: ReadonlyMap<string, Scheduler>
  /**
   * An operator's word about an account, in force in all its pools at once and over reloads; see `Scheduler.operate`.
   * False when the configuration has no such account.
   */
  operate(account: string, action: Parameters<Scheduler['operate']>[1]): boolean
  /** 0 while nothing is shed. */
  readonly overloadLevel: number
  /** What bodies of requests and answers hold in memory now. */
  readonly bufferedBytes: number
  /** Where the accounts with tokens stand, by account. */
  readonly tokenStates: TokenSources['states']
  /** Puts another configuration in force, and answers the fields that wait for the next start. */
  reload(next: Config): readonly string[]
  /** Lets nobody in any more and turns away who waits; what runs goes on. */
  drain(): void
  /** Ends what still runs, and tells the clients so. */
  endAll(): void
  /** Ends what still runs upstream. */
  cut(): Promise<void>
  /** Drains, gives upstream exchanges `timeoutMs` to end, and lets go of everything but `bindings`. */
  close(options: { readonly timeoutMs: number }): Promise<void>
}

const unwatched = (): void => {}

/** Composes the data plane; of itself it asks only for the tokens of accounts, and upstreams what they lack. */
export function createDataPlane(options: DataPlaneOptions): DataPlane {
  const { config: started, bindings, clock, log, watch = () => unwatched, onRequest, onAccount } = options
  const { background = clock } = options
  let config = started
  const { decisionLog: logged } = started.telemetry
  const decisionLog = logged && createDecisionLog({ ...logged, clock, log })
  const health = createMemoryHealth()
  const random = createNodeRandom()
  const pools = createPoolSet(
    { slots: createMemorySlots(), bindings, clock, random, health: () => health.peer() },
    (pool, scheduler) => {
      const unwatch = watch(pool, scheduler)
      const unfollow = followAccounts(pool, scheduler, clock, change => {
        onAccount?.(change)
        decisionLog?.accountChanged(change)
      })
      return () => {
        unfollow()
        unwatch()
      }
    },
  )
  const upstream = withCredentials(createUpstream())
  // Exchanges of the gateway's own share no socket with those of clients.
  const aside = createUpstream({ connectionsPerAccount: 2 })
  const tokens = createTokenSources({ upstream: aside, clock: background, log })
  const discovery = createDiscovery({
    ...{ upstream: aside, clock: background, log },
    onLearned: () => {
      snapshot = { ...snapshot, pools: poolsOf(config.accounts, config.pools) }
    },
  })
  const poolsOf = (accounts: Config['accounts'], poolConfigs: Config['pools']) =>
    pools.apply(
      accounts,
      poolConfigs,
      onceEach(account => {
        const capabilities = discovery.capabilities(discoverable(account))
        return accountAccess({ ...account, capabilities }, tokens.of(account))
      }),
    )
  const follow = ({ accounts }: Config): void => {
    const enabled = accounts.filter(account => account.enabled)
    discovery.follow(enabled.map(discoverable))
  }
  const snapshotOf = ({ accounts, pools: poolConfigs, clients }: Config): PipelineSnapshot => ({
    pools: poolsOf(accounts, poolConfigs),
    clients: clientAccess(clients),
  })
  knowCredentials(bindings, configCredentials(started))
  let snapshot = snapshotOf(started)
  follow(started)

  const limits = pipelineLimits(started.limits)
  const overload =
    options.probe &&
    createOverload({
      limits: started.limits.overload,
      probe: options.probe,
      clock,
      random,
      bufferedShare: () => pipeline.bufferedBytes / limits.bufferedBytes,
      priorities: () => snapshot.clients.priorities,
      onChange: change => options.onOverload?.(change),
    })
  const pipeline = createPipeline({
    snapshot: () => snapshot,
    upstream,
    clock,
    limits,
    newRequestId,
    shedding: overload,
    checkBindings: options.checkBindings,
    onAttempt: decisionLog && (attempt => decisionLog.began(attempt)),
    onRequest(record) {
      onRequest?.(record)
      decisionLog?.observe(record)
    },
    log,
  })

  return {
    handle: pipeline.handle,
    endAll: pipeline.endAll,
    get config() {
      return config
    },
    get overloadLevel() {
      return overload?.level ?? 0
    },
    get bufferedBytes() {
      return pipeline.bufferedBytes
    },
    tokenStates: tokens.states,
    get schedulers() {
      return pools.schedulers
    },
    operate(account, action) {
      if (!config.accounts.some(({ id }) => id === account)) return false
      pools.operate(account, action)
      return true
    },
    reload(next) {
      // The old ones stay secret while requests run with them.
      knowCredentials(bindings, [...configCredentials(config), ...configCredentials(next)])
      snapshot = snapshotOf(next)
      config = inForce(started, next)
      pipeline.reloaded()
      upstream.retain(new Set(config.accounts.map(account => account.id)))
      tokens.retain(config.accounts)
      follow(config)
      aside.retain(new Set(config.accounts.flatMap(({ id }) => [tokenPlace(id), probePlace(id)])))
      return restartOnly(started, next)
    },
    drain: () => pools.drain(),
    cut: async () => {
      await Promise.all([upstream.close({ timeoutMs: 0 }), aside.close()])
    },
    close: ({ timeoutMs }) =>
      inOrder([
        () => overload?.close(),
        () => pools.close(),
        () => tokens.close(),
        () => discovery.close(),
        () => upstream.close({ timeoutMs }),
        () => aside.close(),
        () => decisionLog?.close(),
        () => knowCredentials(bindings, []),
      ]),
  }
}

/** Tells of every change of an account's state until the answer is called. */
function followAccounts(
  pool: string,
  scheduler: Scheduler,
  clock: Clock,
  tell: (change: AccountChange) => void,
): () => void {
  return scheduler.subscribe({
    accountChanged: (account, from, to, reason, model) =>
      tell({
        ...{ wallMs: clock.wallMs(), pool, account, from, to, reason },
        ...(model === undefined ? {} : { model }),
      }),
  })
}

/** An account in several pools is one account: its target is one object, which the upstream client knows again. */
function onceEach(
  make: (account: AccountConfig) => AccountAccess,
): (account: AccountConfig) => AccountAccess {
  const made = new Map<AccountConfig, AccountAccess>()
  return account => {
    const known = made.get(account)
    if (known !== undefined) return known
    const access = make(account)
    made.set(account, access)
    return access
  }
}
