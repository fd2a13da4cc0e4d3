import type { SessionTemplate, Turn } from './session.ts'

interface Row {
  readonly timestamp: number
  readonly input_length: number
  readonly output_length: number
  readonly hash_ids: readonly number[]
}

/**
 * Rebuilds sessions from a Mooncake trace (FAST '25, JSON lines): a session is a chain of requests that share a
 * prefix block of index 1 or more. Block 0 is everybody's; a hash stands for the whole prefix up to it, so requests
 * that share any later block share block 1 as well. Gaps between turns are the trace's.
 */
export function mooncakeSessions(text: string): SessionTemplate[] {
  const chains = new Map<number, Row[]>()
  let lonely = -1
  for (const line of text.split('\n')) {
    if (line === '') continue
    const row = JSON.parse(line) as Row
    const chain = row.hash_ids[1] ?? lonely--
    const rows = chains.get(chain)
    if (rows === undefined) chains.set(chain, [row])
    else rows.push(row)
  }
  return Array.from(chains.values(), rows => ({
    turns: rows.map((row, place) => turnOf(row, rows[place - 1])),
  }))
}

function turnOf(row: Row, before: Row | undefined): Turn {
  return {
    gapMs: before === undefined ? 0 : row.timestamp - before.timestamp,
    inputTokens: row.input_length,
    outputTokens: row.output_length,
    blocks: row.hash_ids,
  }
}
