import { type DequeueLine, MAX_IDLE, type StatefulDequeue } from './dequeue.ts'
import type { Waiter } from './waiter.ts'

/**
 * Tenant-fair: start-time fair queueing (Goyal, Vin, Cheng 1996) over tenants, with strict priority bands above it.
 *
 * - The highest band with a waiter that may use the slot is served; bands know nothing of each other.
 * - In a band the slot goes to the tenant with the least virtual time T among those with such a waiter; on equal T
 *   to the waiter with the earlier deadline, then to the older one. Within a tenant: first come, first served.
 * - On admission: S = max(T, V); V = S; T = S + cost / weight. V is the band's virtual clock.
 * - A tenant that begins to wait starts at max(T, V): being idle, or waiting for an account that nobody else wants,
 *   saves nothing up. So between two tenants that both wait all along, admitted cost / weight differs by at most
 *   one request of each.
 * - A waiter past its deadline is never chosen.
 *
 * Slots on their way (`claiming`) count as served, or several that free at once would all go to one tenant.
 * Cost: entering and leaving O(1); choosing O(tenants that wait), unless waiters cannot use the slot.
 */
export const tenantFair: StatefulDequeue = { name: 'tenant-fair', createLine: () => createLine(1) }

/** How many of a tenant's waiters are compared for one slot: beyond some hundreds little is gained. */
const LOOK_AHEAD = 200

/**
 * {@link tenantFair} over tenants; within the tenant whose turn it is, the waiter that needs this very slot most, among its
 * first {@link LOOK_AHEAD}:
 *
 *   urgency = (waited + 3 x (time its warm cache here saves - time its warmest cache elsewhere would)) / its best ttft
 *
 * As a share of what it would take at best, because that is what a wait feels like: a second is nothing before a long
 * prompt and everything before a short one. Saving counts three times, because a slot held shorter serves all who wait.
 */
export const warmFair: StatefulDequeue = { name: 'warm-fair', createLine: () => createLine(LOOK_AHEAD) }

interface Flow {
  /** Virtual time at which this tenant's next request starts. */
  timeUnits: number
  /** That of its newest waiter. */
  weight: number
  /** In the order of arrival. */
  readonly waiters: Set<Waiter>
}

interface Band {
  readonly priority: number
  clockUnits: number
  waiting: number
  readonly flows: Map<string, Flow>
  sweepAt: number
}

const SWEEP_FROM = 64

function createLine(lookAhead: number): DequeueLine {
  /** Highest priority first. */
  let bands: Band[] = []

  function bandOf(priority: number): Band {
    const known = bands.find(band => band.priority === priority)
    if (known !== undefined) return known
    const band: Band = { priority, clockUnits: 0, waiting: 0, flows: new Map(), sweepAt: SWEEP_FROM }
    bands = [...bands, band].sort((a, b) => b.priority - a.priority)
    return band
  }

  return {
    entered(waiter) {
      const band = bandOf(waiter.priority)
      let flow = band.flows.get(waiter.tenant)
      if (flow === undefined) {
        // Before it is in: a flow without a waiter is what a sweep takes away.
        if (band.flows.size >= band.sweepAt) sweep(band)
        flow = { timeUnits: band.clockUnits, weight: waiter.weight, waiters: new Set() }
        band.flows.set(waiter.tenant, flow)
      }
      if (flow.waiters.size === 0) flow.timeUnits = Math.max(flow.timeUnits, band.clockUnits)
      flow.weight = waiter.weight
      flow.waiters.add(waiter)
      band.waiting++
    },
    left(waiter, how) {
      const band = bands.find(({ priority }) => priority === waiter.priority)
      const flow = band?.flows.get(waiter.tenant)
      if (band === undefined || flow === undefined || !flow.waiters.delete(waiter)) return
      band.waiting--
      if (how === 'admitted') {
        band.clockUnits = Math.max(flow.timeUnits, band.clockUnits)
        flow.timeUnits = band.clockUnits + unitsOf(waiter)
      }
      if (flow.waiters.size === 0 && flow.timeUnits <= band.clockUnits) band.flows.delete(waiter.tenant)
      // Nobody waits: everyone who did was served, so nobody owes anybody anything.
      if (band.waiting === 0) bands = bands.filter(other => other !== band)
    },
    next(mayUse, nowMs, urgency) {
      const choice = { mayUse, nowMs, urgency, lookAhead }
      for (const band of bands) {
        const found = chooseIn(band, choice)
        if (found !== undefined) return found
      }
      return undefined
    },
    ahead({ tenant, priority, weight }) {
      let ahead = 0
      for (const band of bands) {
        if (band.priority < priority) break
        ahead += band.priority === priority ? turnsBefore(band, tenant, weight) : band.waiting
      }
      return ahead
    },
    get remembered() {
      return bands.reduce((sum, { flows }) => sum + flows.size, 0)
    },
  }
}

/** Its own that came earlier, and of each other tenant as many as have their turn until it has that of one more. */
function turnsBefore({ flows }: Band, tenant: string, weight: number): number {
  const own = flows.get(tenant)?.waiters.size ?? 0
  let turns = own
  for (const [other, flow] of flows) {
    if (other === tenant) continue
    turns += Math.min(flow.waiters.size, Math.ceil(((own + 1) * flow.weight) / weight))
  }
  return turns
}

function unitsOf({ cost, weight }: Waiter): number {
  return cost / weight
}

interface Choice {
  readonly mayUse: (waiter: Waiter) => boolean
  readonly nowMs: number
  readonly urgency: ((waiter: Waiter) => number) | undefined
  readonly lookAhead: number
}

function chooseIn(band: Band, choice: Choice): Waiter | undefined {
  let best: Waiter | undefined
  let bestUnits = Number.POSITIVE_INFINITY
  for (const flow of band.flows.values()) {
    if (flow.waiters.size === 0 || flow.timeUnits > bestUnits) continue
    const { waiter, units } = chooseOf(flow, choice)
    if (waiter === undefined) continue
    if (best === undefined || units < bestUnits || (units === bestUnits && isSooner(waiter, best))) {
      best = waiter
      bestUnits = units
    }
  }
  return best
}

/** Whom of a tenant's waiters the slot would go to, and the virtual time at which it would start. */
function chooseOf(
  flow: Flow,
  { mayUse, nowMs, urgency, lookAhead }: Choice,
): { readonly waiter: Waiter | undefined; readonly units: number } {
  let units = flow.timeUnits
  let found: Waiter | undefined
  let most = Number.NEGATIVE_INFINITY
  let looked = 0
  for (const waiter of flow.waiters) {
    const isClaiming = waiter.claiming
    const may = waiter.deadlineMs > nowMs && mayUse(waiter)
    if (isClaiming) units += unitsOf(waiter)
    if (!may || isClaiming) continue
    const worth = urgency === undefined ? 0 : urgency(waiter)
    if (worth > most) {
      found = waiter
      most = worth
    }
    if (++looked >= lookAhead) break
  }
  return { waiter: found, units }
}

function isSooner(a: Waiter, b: Waiter): boolean {
  return a.deadlineMs === b.deadlineMs ? a.sequence < b.sequence : a.deadlineMs < b.deadlineMs
}

/** Forgets tenants that do not wait and whose time the clock has passed; of the others the oldest beyond the bound. */
function sweep(band: Band): void {
  const idle: string[] = []
  for (const [tenant, flow] of band.flows) {
    if (flow.waiters.size > 0) continue
    if (flow.timeUnits <= band.clockUnits) band.flows.delete(tenant)
    else idle.push(tenant)
  }
  for (const tenant of idle.slice(0, Math.max(0, idle.length - MAX_IDLE))) band.flows.delete(tenant)
  band.sweepAt = Math.max(SWEEP_FROM, band.flows.size * 2)
}
