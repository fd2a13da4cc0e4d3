import type { Chance } from '../chance.ts'
import { BLOCK_TOKENS } from '../world/prefix-cache.ts'
import type { SessionTemplate, Turn } from './session.ts'

const MEAN_TURNS = 14
const SYSTEM_TOKENS = 6_000
const MOST_TOKENS = 120_000

/**
 * Coding agents: about 14 turns, each the whole of the one before and what tools said since. The first prompt is a
 * system prompt and a task (6,000 to 14,000 tokens); every turn adds its answer and 500 to 4,000 tokens more, and
 * tools take 1 to 30 s in between.
 */
export function agentSessions(count: number, chance: Chance): SessionTemplate[] {
  return Array.from({ length: count }, () => agent(chance))
}

function agent(chance: Chance): SessionTemplate {
  const turns: Turn[] = []
  const left = Math.max(2, Math.round(MEAN_TURNS * chance.gamma(4)))
  let inputTokens = SYSTEM_TOKENS + Math.floor(chance.uniform() * 8_000)
  for (let turn = 0; turn < left && inputTokens < MOST_TOKENS; turn++) {
    const outputTokens = Math.max(20, Math.round(180 * chance.lognormal(0.8)))
    const gapMs = turn === 0 ? 0 : 4_000 + chance.exponential(10_000)
    turns.push({ gapMs, inputTokens, outputTokens, blocks: growingBlocks(inputTokens) })
    inputTokens += outputTokens + 500 + Math.floor(3_500 * chance.uniform() ** 2)
  }
  return { turns }
}

/** Blocks 0, 1, 2 ...: a longer prompt begins with the shorter one. Only whole blocks can be cached. */
function growingBlocks(tokens: number): number[] {
  return Array.from({ length: Math.floor(tokens / BLOCK_TOKENS) }, (_, place) => place)
}
