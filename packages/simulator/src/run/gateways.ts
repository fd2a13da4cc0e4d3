import {
  createScheduler,
  type Lease,
  type Profile,
  type Scheduler,
  type SlotStore,
} from '@headgate/scheduler'
import {
  createMemoryAccounts,
  createMemoryBindings,
  createMemoryHealth,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import { createChance } from '../chance.ts'
import { percentile } from '../measure/percentile.ts'
import type { Observer, Policy, SimulatedRequest, Truth } from '../policies/policy.ts'
import type { EventLoop } from '../time/event-loop.ts'
import type { WorldAccount } from '../world/accounts.ts'
import type { ServerLaw } from '../world/latency.ts'
import type { Granted } from './request.ts'
import { createStaleSlots } from './stale-slots.ts'

/** What is measured of selections themselves: real time, so no part of what a seed determines. */
export interface Stopwatch {
  nowMicros(): number
}

/** The gateways of a run: each a scheduler of its own over shared slots and bindings. */
export interface Gateways {
  /** Asks one of them for a lease. Calls back with it, or with why there is none, before simulated time moves on. */
  acquire(
    gateway: number,
    request: SimulatedRequest,
    granted: (lease: Lease, observer: Observer | undefined) => void,
    refused: (error: unknown) => void,
  ): void
  /** Another account's slot that is free now, for a request that is slow where it is; undefined when none is. */
  idle(gateway: number, request: SimulatedRequest): Granted | undefined
  readonly queueDepth: number
  /** Waits until every answer due now has arrived; nothing while none is. */
  settle(): void | Promise<void>
  /** Forgets everything, as gateways that are started anew do; leases live on. */
  restart(): void
  /** The median, which a machine with other work does not change much; null without a stopwatch. */
  readonly selectMicros: number | null
}

/** What gateways are made of. */
export interface GatewayOptions {
  readonly count: number
  readonly policy: Policy
  readonly truth: Truth
  readonly accounts: readonly WorldAccount[]
  readonly loop: EventLoop
  readonly seed: number
  /** How old the loads are that gateways know of each other. 0: none is. */
  readonly staleMs: number
  readonly law: ServerLaw
  readonly stopwatch?: Stopwatch
}

interface Gateway {
  readonly scheduler: Scheduler
  readonly observer: Observer | undefined
}

/** A turn of microtasks takes a request a few; more than this is a promise that nobody keeps. */
const MOST_TURNS = 1_000

/** Starts the gateways: the real scheduler, over its own memory stores and the simulated clock. */
export function createGateways(options: GatewayOptions): Gateways {
  const { loop, stopwatch } = options
  const slots = createMemorySlots()
  let gateways = startAll(options, slots, 0)
  let starts = 1
  let asked = 0
  const micros: number[] = []

  const depth = () => {
    let sum = 0
    for (const { scheduler } of gateways) sum += scheduler.queueDepth
    return sum
  }

  /** Whoever asked and is not in a queue has an answer that is still on its way through promises. */
  async function drain(): Promise<void> {
    for (let turn = 0; asked > depth(); turn++) {
      if (turn === MOST_TURNS) throw new Error('The scheduler owes an answer that no event will bring.')
      await undefined
    }
  }

  return {
    acquire(gateway, request, granted, refused) {
      const { scheduler, observer } = gateways[gateway]!
      asked++
      const startedMicros = stopwatch?.nowMicros() ?? 0
      const pending = scheduler.acquire(request)
      if (stopwatch !== undefined) micros.push(stopwatch.nowMicros() - startedMicros)
      pending.then(
        lease => {
          asked--
          granted(lease, observer)
        },
        error => {
          asked--
          refused(error)
        },
      )
    },
    idle(gateway, request) {
      const { scheduler, observer } = gateways[gateway]!
      const selection = scheduler.select(request)
      // Over memory every answer comes at once.
      if (!('kind' in selection) || selection.kind !== 'selected') return undefined
      return { lease: selection.lease, observer }
    },
    get queueDepth() {
      return depth()
    },
    settle() {
      if (asked > depth()) return drain()
    },
    restart() {
      for (const { scheduler } of gateways) scheduler.drain()
      gateways = startAll(options, slots, loop.nowMs + starts++)
    },
    get selectMicros() {
      return micros.length === 0 ? null : percentile(micros, 0.5)
    },
  }
}

function startAll(options: GatewayOptions, slots: SlotStore, start: number): Gateway[] {
  const { count, policy, truth, accounts, loop, staleMs, seed, law } = options
  const { clock } = loop
  const bindings = createMemoryBindings({ clock, maxEntries: 1_000_000 })
  const health = createMemoryHealth()
  const source = createMemoryAccounts(
    accounts.map(({ id, slots: concurrency, priority }, order) => ({ id, order, concurrency, priority })),
  )
  return Array.from({ length: count }, (_, place) => {
    const chance = createChance(seed, `policy ${place} ${start}`)
    const { profile, observer } = policy.create({ accounts, truth, law, chance, nowMs: () => loop.nowMs })
    const scheduler = createScheduler({
      profile: profile as Profile,
      accounts: source,
      slots: staleMs > 0 ? createStaleSlots(slots, clock, staleMs) : slots,
      bindings,
      clock,
      random: createSeededRandom(seed * 1_000 + place + Math.floor(start) * 7),
      ...(count > 1 ? { health: health.peer() } : {}),
      decisions: { capacity: 16, doubles: 1 << 14 },
    })
    return { scheduler, observer }
  })
}
