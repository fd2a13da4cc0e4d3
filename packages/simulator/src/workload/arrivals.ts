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
 * Draws sessions so that requests come at a rate, as steadily as sessions let them: starts are a gamma-modulated
 * Poisson process that began long ago, and of sessions under way at the start only the turns after it take place.
 */
export function drawArrivals(plan: ArrivalPlan, chance: Chance): SessionStart[] {
  const { templates, requestsPerSecond, durationMs, keyedShare } = plan
  const turns = templates.reduce((sum, template) => sum + template.turns.length, 0)
  const perMs = requestsPerSecond / 1000 / (turns / templates.length)
  const longestMs = templates.reduce((most, template) => Math.max(most, lengthMs(template)), 0)
  const tenants = plan.tenants ?? [{ name: '', share: 1 }]
  const starts: Omit<SessionStart, 'serial'>[] = []
  for (const atMs of instants(plan, perMs, -longestMs, chance)) {
    const template = templates[chance.below(templates.length)]!
    const entry = entering(template, atMs)
    const keyed = chance.uniform() < keyedShare
    const tenant = tenantAt(tenants, atMs, chance.uniform())
    if (entry !== undefined && entry.atMs < durationMs && tenant !== undefined)
      starts.push({ ...entry, template, keyed, tenant })
  }
  starts.sort((a, b) => a.atMs - b.atMs)
  return starts.map((start, serial) => ({ serial, ...start }))
}

function* instants(plan: ArrivalPlan, perMs: number, fromMs: number, chance: Chance): Iterable<number> {
  if (plan.rhythm !== undefined) {
    yield* followRhythm(plan.rhythm, perMs * (plan.durationMs - fromMs), fromMs, plan.durationMs, chance)
    return
  }
  let atMs = fromMs
  let heldUntilMs = fromMs
  let rate = perMs
  while (atMs < plan.durationMs) {
    if (atMs >= heldUntilMs) {
      rate = perMs * chance.gamma(SHAPE)
      heldUntilMs += HOLD_MS
    }
    // The process has no memory: an instant beyond this draw of the rate is drawn anew under the next.
    const nextMs = atMs + chance.exponential(1 / rate)
    atMs = Math.min(nextMs, heldUntilMs)
    if (nextMs < heldUntilMs) yield atMs
  }
}

/** So many instants, as dense over the span as the rhythm's are over its own. */
function* followRhythm(
  rhythm: readonly number[],
  count: number,
  fromMs: number,
  toMs: number,
  chance: Chance,
): Iterable<number> {
  const first = rhythm[0] ?? 0
  const span = Math.max(1, (rhythm.at(-1) ?? 0) - first)
  for (let i = 0; i < count; i++) {
    const place = rhythm[chance.below(rhythm.length)]!
    const blur = chance.uniform() * 1000
    yield fromMs + ((place - first) / span) * (toMs - fromMs) + blur
  }
}

function lengthMs({ turns }: SessionTemplate): number {
  return turns.reduce((sum, turn) => sum + turn.gapMs, 0)
}

/** The first turn at or after 0 of a session that starts at an instant; undefined when it is over by then. */
function entering(
  template: SessionTemplate,
  startMs: number,
): { atMs: number; firstTurn: number } | undefined {
  let atMs = startMs
  for (const [firstTurn, turn] of template.turns.entries()) {
    atMs += turn.gapMs
    if (atMs >= 0) return { atMs, firstTurn }
  }
  return undefined
}

function tenantAt(tenants: readonly TenantShare[], atMs: number, draw: number): string | undefined {
  let sum = 0
  for (const { name, share, fromMs = Number.NEGATIVE_INFINITY, toMs = Number.POSITIVE_INFINITY } of tenants) {
    sum += share
    if (draw < sum) return atMs >= fromMs && atMs < toMs ? name : undefined
  }
  return undefined
}
