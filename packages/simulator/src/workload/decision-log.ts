import { percentile } from '../measure/percentile.ts'
import { BLOCK_TOKENS } from '../world/prefix-cache.ts'
import { type DecisionLine, readDecisionLine } from './decision-line.ts'
import { createSeenAccounts, type RecordedAccount } from './seen-accounts.ts'
import type { SessionStart, Turn } from './session.ts'

/** What a gateway's decision log tells of its traffic, its accounts and its tenants. */
export interface Recorded {
  readonly sessions: readonly SessionStart[]
  readonly requests: number
  readonly durationMs: number
  readonly accounts: readonly RecordedAccount[]
  readonly tenants: readonly string[]
  /** Share of attempts that failed by the account's fault. */
  readonly errorShare: number
  /** Lines that are no request of a pool, or cannot be read. */
  readonly skipped: number
}

/** Reads a decision log, a line at a time. */
export interface DecisionLogReader {
  read(row: string): void
  recorded(): Recorded
}

/** What is kept of a request: logs are longer than memory, and most of a line is why an account was chosen. */
interface Kept {
  readonly arrivedMs: number
  readonly tenant: string
  readonly session: string
  readonly tokens: Tokens | undefined
}

interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
}

const FAULTS = ['server_error', 'timeout', 'transport_error', 'overloaded']

/**
 * Reads a decision log (JSON lines) as traffic that can be run again. Requests of one tenant and session key become one
 * session, in which a prompt begins with the one before as far as that went: the log holds no prompts, so what could be
 * cached is reckoned by length. Requests whose tokens are not told are given the median of the others.
 */
export function createDecisionLogReader(): DecisionLogReader {
  const requests: Kept[] = []
  const accounts = createSeenAccounts()
  let skipped = 0
  let attempts = 0
  let faults = 0

  function keep({ request, attempts: made, decisions }: DecisionLine): void {
    const { wallMs, request: key } = decisions[0]!
    const { tenant = '', usage: tokens } = request
    requests.push({ arrivedMs: wallMs, tenant, session: key.session, tokens })
    attempts += made.length
    faults += made.filter(({ outcome = '' }) => FAULTS.includes(outcome)).length
    for (const decision of decisions) accounts.saw(decision)
  }

  return {
    read(row) {
      if (row.trim() === '') return
      const line = readDecisionLine(row)
      if (line === undefined) skipped++
      else keep(line)
    },
    recorded() {
      // A line is written when its request ends.
      const sorted = requests.toSorted((a, b) => a.arrivedMs - b.arrivedMs)
      const startMs = sorted[0]?.arrivedMs ?? 0
      return {
        sessions: sessionsOf(sorted, startMs),
        requests: sorted.length,
        durationMs: sorted.length === 0 ? 0 : sorted.at(-1)!.arrivedMs - startMs + 1,
        accounts: accounts.recorded(),
        tenants: [...new Set(sorted.map(({ tenant }) => tenant))],
        errorShare: attempts === 0 ? 0 : faults / attempts,
        skipped,
      }
    },
  }
}

function sessionsOf(requests: readonly Kept[], startMs: number): SessionStart[] {
  const groups = new Map<string, Kept[]>()
  for (const [place, request] of requests.entries()) {
    const { tenant, session } = request
    const key = session === '' ? `${place}` : `${tenant} ${session}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [request])
    else group.push(request)
  }
  const usual = usualTokens(requests)
  const blocks = createBlocks()
  return Array.from(groups.values(), (group, serial) => ({
    serial,
    atMs: group[0]!.arrivedMs - startMs,
    template: { turns: group.map((request, place) => turnOf(request, group[place - 1], usual, blocks)) },
    keyed: group[0]!.session !== '',
    tenant: group[0]!.tenant,
  }))
}

function turnOf(
  { arrivedMs, tokens }: Kept,
  before: Kept | undefined,
  usual: Tokens,
  blocks: (count: number) => readonly number[],
): Turn {
  const { inputTokens, outputTokens } = tokens ?? usual
  return {
    gapMs: before === undefined ? 0 : arrivedMs - before.arrivedMs,
    inputTokens,
    outputTokens,
    blocks: blocks(Math.floor(inputTokens / BLOCK_TOKENS)),
  }
}

/** The first so many blocks of any session, one array for each count: they differ in nothing but their number. */
function createBlocks(): (count: number) => readonly number[] {
  const known = new Map<number, readonly number[]>()
  return count => {
    const blocks = known.get(count) ?? Array.from({ length: count }, (_, place) => place)
    known.set(count, blocks)
    return blocks
  }
}

function usualTokens(requests: readonly Kept[]): Tokens {
  const known = requests.flatMap(({ tokens }) => tokens ?? [])
  if (known.length === 0) return { inputTokens: 1_000, outputTokens: 200 }
  const median = (of: (tokens: Tokens) => number) => percentile(known.map(of), 0.5)
  return {
    inputTokens: median(({ inputTokens }) => inputTokens),
    outputTokens: median(({ outputTokens }) => outputTokens),
  }
}
