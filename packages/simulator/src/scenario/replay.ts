import type { World } from '../run/world.ts'
import type { Recorded } from '../workload/decision-log.ts'
import { MEAN_PACE } from '../world/latency.ts'

/** What is to be otherwise than it was recorded: `load=1.5`, `ACCOUNT.slots=16`, `ACCOUNT=off`. */
export interface Change {
  readonly key: string
  readonly value: string
}

const NUMBERS = ['slots', 'priority', 'speed', 'tokensPerMinute'] as const
type NumberKey = (typeof NUMBERS)[number]

/**
 * The world a recording was made in, with changes. `load` presses the same requests into less time; an account's `slots`,
 * `priority`, `speed` (a factor: 2 is twice as slow) and `tokensPerMinute` are set; `ACCOUNT=off` takes it out.
 * @throws RangeError that names the change and what could be written instead.
 */
export function replayWorld(
  recorded: Recorded,
  options: { readonly seed: number; readonly changes: readonly Change[] },
): World {
  let load = 1
  let accounts = recorded.accounts.map(account => ({
    ...account,
    baseMs: MEAN_PACE.baseMs,
    tokensPerMinute: Number.POSITIVE_INFINITY,
  }))
  const ids = accounts.map(({ id }) => id)
  for (const { key, value } of options.changes) {
    if (key === 'load') load = figure(key, value)
    else if (ids.includes(key) && value === 'off') accounts = accounts.filter(({ id }) => id !== key)
    else {
      const { id, field } = fieldOf(key, ids)
      const set = figure(key, value)
      accounts = accounts.map(account => (account.id === id ? { ...account, [field]: set } : account))
    }
  }
  if (accounts.length === 0) throw new RangeError('No account is left to replay with.')
  return {
    seed: options.seed,
    durationMs: recorded.durationMs / load,
    accounts,
    sessions: recorded.sessions.map(start => ({
      ...start,
      atMs: start.atMs / load,
      template: { turns: start.template.turns.map(turn => ({ ...turn, gapMs: turn.gapMs / load })) },
    })),
    incidents: [],
    backgroundErrors: recorded.errorShare,
    gateways: 1,
    staleMs: 0,
    restartsMs: [],
    tenants: recorded.tenants.map(name => ({ name, weight: 1 })),
  }
}

function figure(key: string, value: string): number {
  const parsed = Number(value)
  const isWhole = !/\.(slots|priority)$/.test(key) || Number.isInteger(parsed)
  const isRight = /\.priority$/.test(key) ? parsed >= 0 : parsed > 0
  if (value.trim() !== '' && Number.isFinite(parsed) && isWhole && isRight) return parsed
  throw new RangeError(`${key}=${value}: ${JSON.stringify(value)} is no number that ${key} can have.`)
}

function fieldOf(key: string, ids: readonly string[]): { readonly id: string; readonly field: NumberKey } {
  const dot = key.lastIndexOf('.')
  const id = key.slice(0, Math.max(0, dot))
  const field = NUMBERS.find(name => name === key.slice(dot + 1))
  if (ids.includes(id) && field !== undefined) return { id, field }
  throw new RangeError(
    `${key}: there is nothing of that name to set; write load=FACTOR, ACCOUNT=off, or ACCOUNT with one of ` +
      `${NUMBERS.map(name => `.${name}`).join(', ')}, where ACCOUNT is one of ${ids.join(', ')}.`,
  )
}
