import { createColumns } from '../columns/columns.ts'
import { createRanked } from '../columns/ranked.ts'
import { createLearning } from '../learning/learning.ts'
import { createHeadroom } from '../limits/headroom.ts'
import { createRefusals } from '../limits/refusals.ts'
import type { AccountEvent } from '../model/account-state.ts'
import type { HealthNotice, Slot } from '../ports.ts'
import { createSelectionRandom } from '../random.ts'
import { createScratch } from '../rankers/ranker.ts'
import type { SchedulerOptions } from '../scheduler.ts'
import type { Core } from './core.ts'
import { DecisionRing } from './decision-ring.ts'
import { createEligibleSets } from './eligible-set.ts'
import { createLoadListener } from './load-listener.ts'
import { quietly } from './maybe-promise.ts'
import { createCounters } from './metrics.ts'
import { createReleases } from './releases.ts'
import { createRoster } from './roster.ts'
import { createStandings } from './standings.ts'
import { createTenantSlots } from './tenant-slots.ts'
import { createWallTime } from './wall-time.ts'

/** What the core's parts tell those that are made after it: who waits, who holds leases, who listens. */
export interface CoreEvents {
  /** A slot of a row may be had: whoever waits should look. */
  opened(row: number): void
  /** A tenant at its limit holds one slot fewer. */
  tenantFreed(tenant: string): void
  /** Something will change by itself earlier than was known. */
  dueEarlier(): void
  /** The store gave a slot in hand to someone else. */
  lost(slot: Slot): void
  accountChanged(change: AccountEvent): void
}

/** Creates everything a selection works with. Tells of nothing before accounts are put in. */
export function createCore(options: SchedulerOptions, events: CoreEvents): Core {
  const { profile, slots, bindings, clock, random, health, pool = 'default' } = options
  const columns = createColumns()
  const learning = profile.learning === 'on' ? createLearning(columns) : undefined
  const ring = new DecisionRing(
    columns,
    { profile: profile.name, picker: profile.picker.name, pool },
    profile.ranker,
    options.decisions,
  )
  const roster = createRoster(columns, ring)
  const wallAt = (atMs: number) => clock.wallMs() + atMs - clock.monotonicMs()
  const publish = (notice: HealthNotice) => void quietly(() => health?.publish(notice))

  function openDomain(domain: string): void {
    if (core.queueDepth === 0) return
    for (const row of roster.limitedBy(domain)) events.opened(row)
  }

  const headroom = createHeadroom({
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs(),
    raised: openDomain,
    changed: events.dueEarlier,
    publish,
  })
  const refusals = createRefusals({
    began({ account, model }) {
      events.dueEarlier()
      const wallMs = clock.wallMs()
      const change = { from: 'active', to: 'cooling_down', reason: 'rate_limited' } as const
      events.accountChanged({ account, model, ...change, wallMs })
    },
    ended({ domain, account, model, untilMs }, reason) {
      const wallMs = wallAt(Math.min(untilMs, clock.monotonicMs()))
      events.accountChanged({ account, model, from: 'cooling_down', to: 'active', reason, wallMs })
      openDomain(domain)
    },
  })
  const standings = createStandings(columns, profile, { clock, health }, roster, {
    opened: events.opened,
    dueEarlier: events.dueEarlier,
    changed: (row, from, to, reason, atMs) =>
      events.accountChanged({ account: columns.ids[row]!, from, to, reason, wallMs: wallAt(atMs) }),
    recovered: row => learning?.odds.forget(row),
    forgotten(row) {
      headroom.forget(columns.accounts[row]!)
      refusals.forget(columns.accounts[row]!)
      learning?.forget(row)
    },
  })
  const core: Core = {
    ...{ pool, profile, slots, bindings, clock, random },
    ...{ columns, roster, ring, headroom, refusals, standings, learning, publish },
    releases: createReleases(slots, clock, account => {
      const row = roster.rowOf(account)
      if (row >= 0) events.opened(row)
    }),
    wallTime: createWallTime(clock),
    sets: createEligibleSets(columns, profile.filters, profile.ranker),
    tenants: createTenantSlots(),
    tenantLeft(run) {
      if (core.tenants.give(run)) events.tenantFreed(run.tenant)
    },
    counters: createCounters(),
    listener: createLoadListener({ columns, roster, profile }, events),
    modelLimits: false,
    queueDepth: 0,
    mayQueue: () => true,
    grants: 0,
    ranked: createRanked(),
    draw: profile.picker.createDraw(),
    selectionRandom: createSelectionRandom(),
    scratch: createScratch(learning),
    seed: new Uint32Array(2),
    indices: new Int32Array(64),
    scores: new Float64Array(64),
    batches: [],
  }
  return core
}
