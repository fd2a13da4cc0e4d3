import type { World } from '../run/world.ts'
import { MOST_SPAN_MS } from '../workload/busiest-span.ts'
import type { Recorded } from '../workload/decision-log.ts'
import { MEAN_PACE, USUAL_LAW } from '../world/latency.ts'
import { type Change, readChanges } from './changes.ts'

/**
 * The world a recording was made in, with changes. `load` presses the same requests into less time; an account's `slots`,
 * `priority`, `speed` (a factor: 2 is twice as slow) and `tokensPerMinute` are set; `ACCOUNT=off` takes it out.
 * @throws RangeError that names the change, what it could be, and the remedy.
 */
export function replayWorld(
  recorded: Recorded,
  options: { readonly seed: number; readonly changes: readonly Change[] },
): World {
  const { sessions, durationMs } = recorded
  const { load, off, figures } = readChanges(
    options.changes,
    recorded.accounts.map(({ id }) => id),
  )
  if (durationMs / load > MOST_SPAN_MS + 1) {
    const least = Math.ceil((durationMs / MOST_SPAN_MS) * 1_000) / 1_000
    throw new RangeError(
      `load=${load}: the traffic would take more than the 31 days that a replay spans. ` +
        `Fix: write a number of at least ${least}.`,
    )
  }
  const accounts = recorded.accounts.map(account => ({
    ...account,
    baseMs: MEAN_PACE.baseMs,
    tokensPerMinute: Number.POSITIVE_INFINITY,
    ...figures.get(account.id),
  }))
  return {
    seed: options.seed,
    durationMs: durationMs / load,
    accounts: accounts.filter(({ id }) => !off.has(id)),
    sessions: sessions.map(start => ({
      ...start,
      atMs: start.atMs / load,
      template: { turns: start.template.turns.map(turn => ({ ...turn, gapMs: turn.gapMs / load })) },
    })),
    incidents: [],
    backgroundErrors: recorded.errorShare,
    law: USUAL_LAW,
    gateways: 1,
    staleMs: 0,
    restartsMs: [],
    tenants: recorded.tenants.map(name => ({ name, weight: 1 })),
  }
}
