import type { WorldAccount } from '../world/accounts.ts'
import { decodeMs, firstTokenMs, MEAN_NOISE, MEAN_PACE, type Pace } from '../world/latency.ts'
import type { SessionTemplate } from './session.ts'

/** What accounts can do with a workload when nothing is cached and every slot is always busy. */
export interface Capacity {
  requestsPerSecond(account: Pick<WorldAccount, 'slots' | 'speed' | 'baseMs'>): number
  /** Tokens, in and out, that a slot of mean pace works off in a minute. */
  readonly tokensPerSlotMinute: number
}

/** The capacity under sessions of these templates, each as likely as the others. */
export function capacity(templates: readonly SessionTemplate[]): Capacity {
  const turns = templates.flatMap(template => template.turns)
  const mean = (of: (turn: (typeof turns)[number]) => number) =>
    turns.reduce((sum, turn) => sum + of(turn), 0) / turns.length
  const inputTokens = mean(turn => turn.inputTokens)
  const outputTokens = mean(turn => turn.outputTokens)
  const serviceMs = (pace: Pace) =>
    firstTokenMs(pace, inputTokens, 0, 1) * MEAN_NOISE + decodeMs(outputTokens, 1)
  return {
    requestsPerSecond: account => (account.slots * 1000) / serviceMs(account),
    tokensPerSlotMinute: (60_000 / serviceMs(MEAN_PACE)) * (inputTokens + outputTokens),
  }
}
