import type { Chance } from '../chance.ts'
import type { SessionStart, SessionTemplate } from './session.ts'

/** How many requests to make of which sessions. */
export interface ArrivalPlan {
  readonly templates: readonly SessionTemplate[]
  readonly requestsPerSecond: number
  readonly durationMs: number
  /** Share of sessions whose clients send a session key. */
  readonly keyedShare: number
  readonly tenants?: readonly TenantShare[]
  /** Instants of starts to draw from instead of a Poisson process (a trace's): only their rhythm is used. */
  readonly rhythm?: readonly number[]
}

/** A tenant, and its part of the sessions over time. */
export interface TenantShare {
  readonly name: string
  readonly share: number
  /** Sessions start only from here to there. Default: all along. */
  readonly fromMs?: number
  readonly toMs?: number
}

/** Shape of the gamma that modulates the rate: a standard deviation of 10 % of the mean. */
const SHAPE = 100
/** How long one draw of the rate holds. */
const HOLD_MS = 30_000

/**
 * Draws sessions whose requests come at a rate once the first ones are well under way: starts are a gamma-modulated
 * Poisson process from 0 on, each with as many turns to come as its template has, some of them after the end. So the
 * load rises for as long as sessions last, and the rate is what it rises to.
 */
export function drawArrivals(plan: ArrivalPlan, chance: Chance): SessionStart[] {
  const { templates, requestsPerSecond, keyedShare } = plan
  const turns = templates.reduce((sum, template) => sum + template.turns.length, 0)
  const perMs = requestsPerSecond / 1000 / (turns / templates.length)
  const tenants = plan.tenants ?? [{ name: '', share: 1 }]
  const starts: Omit<SessionStart, 'serial'>[] = []
  for (const atMs of instants(plan, perMs, chance)) {
    const template = templates[chance.below(templates.length)]!
    const keyed = chance.uniform() < keyedShare
    const tenant = tenantAt(tenants, atMs, chance.uniform())
    if (tenant !== undefined) starts.push({ atMs, template, keyed, tenant })
  }
  starts.sort((a, b) => a.atMs - b.atMs)
  return starts.map((start, serial) => ({ serial, ...start }))
}

function* instants({ rhythm, durationMs }: ArrivalPlan, perMs: number, chance: Chance): Iterable<number> {
  if (rhythm !== undefined) {
    yield* followRhythm(rhythm, perMs * durationMs, durationMs, chance)
    return
  }
  let atMs = 0
  let heldUntilMs = 0
  let rate = perMs
  while (atMs < durationMs) {
    if (atMs >= heldUntilMs) {
      rate = perMs * chance.gamma(SHAPE)
      heldUntilMs += HOLD_MS
    }
    // The process has no memory: an instant beyond this draw of the rate is drawn anew under the next.
    const nextMs = atMs + chance.exponential(1 / rate)
    atMs = Math.min(nextMs, heldUntilMs)
    if (nextMs < heldUntilMs && nextMs < durationMs) yield nextMs
  }
}

/** So many instants, as dense over the run as the rhythm's are over its own span. */
function* followRhythm(
  rhythm: readonly number[],
  count: number,
  durationMs: number,
  chance: Chance,
): Iterable<number> {
  const first = rhythm[0] ?? 0
  const spanMs = Math.max(1, (rhythm.at(-1) ?? 0) - first)
  for (let i = 0; i < count; i++) {
    // Between one instant of the rhythm and the next: a trace's own are too few, and would come in heaps.
    const place = Math.min(rhythm.length - 2, chance.below(rhythm.length - 1))
    const at = rhythm[place]! + (rhythm[place + 1]! - rhythm[place]!) * chance.uniform()
    yield ((at - first) / spanMs) * durationMs
  }
}

function tenantAt(tenants: readonly TenantShare[], atMs: number, draw: number): string | undefined {
  let sum = 0
  for (const { name, share, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } of tenants) {
    sum += share
    if (draw < sum) return atMs >= fromMs && atMs < toMs ? name : undefined
  }
  return undefined
}
