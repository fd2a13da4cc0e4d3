import type { WorldAccount } from '../world/accounts.ts'
import {
  decodeMs,
  firstTokenMs,
  MEAN_PACE,
  meanNoise,
  type Pace,
  type ServerLaw,
  USUAL_LAW,
} from '../world/latency.ts'
import type { SessionTemplate } from './session.ts'

/** What accounts can do with a workload when nothing is cached and every slot is always busy. */
export interface Capacity {
  requestsPerSecond(account: Pick<WorldAccount, 'slots' | 'speed' | 'baseMs' | 'reading'>): number
  /** Tokens, in and out, that a slot of mean pace works off in a minute. */
  readonly tokensPerSlotMinute: number
}

/** The capacity under sessions of these templates, each as likely as the others. */
export function capacity(templates: readonly SessionTemplate[], law: ServerLaw = USUAL_LAW): Capacity {
  const turns = templates.flatMap(template => template.turns)
  const mean = (of: (turn: (typeof turns)[number]) => number) =>
    turns.reduce((sum, turn) => sum + of(turn), 0) / turns.length
  const inputTokens = mean(turn => turn.inputTokens)
  const outputTokens = mean(turn => turn.outputTokens)
  const serviceMs = (pace: Pace) =>
    firstTokenMs(pace, { uncached: inputTokens, cached: 0 }, 1, law) * meanNoise(law.noise) +
    decodeMs(outputTokens, 1)
  return {
    requestsPerSecond: account => (account.slots * 1000) / serviceMs(account),
    tokensPerSlotMinute: (60_000 / serviceMs(MEAN_PACE)) * (inputTokens + outputTokens),
  }
}
