import { percentile } from '../measure/percentile.ts'
import { BLOCK_TOKENS } from '../world/prefix-cache.ts'
import { busiestSpan, MOST_SPAN_MS } from './busiest-span.ts'
import { type Conversation, continuedBy, conversationsOf, type Turning } from './conversations.ts'
import { type DecisionLine, readDecisionLine } from './decision-line.ts'
import { createSeenAccounts, type RecordedAccount, type SeenAccounts } from './seen-accounts.ts'
import type { SessionStart, Turn } from './session.ts'

/** What a gateway's decision log tells of the traffic of a pool, its accounts and its tenants. */
export interface Recorded {
  readonly sessions: readonly SessionStart[]
  readonly requests: number
  /** When the first request came, wall clock. */
  readonly startMs: number
  /** At most 31 days. */
  readonly durationMs: number
  readonly accounts: readonly RecordedAccount[]
  readonly tenants: readonly string[]
  /** Share of attempts that failed by the account's fault. */
  readonly errorShare: number
  /** Requests that continue a response of which the log does not say whose answer it was: each begins a conversation. */
  readonly unlinked: number
  readonly leftOut: LeftOut
}

/** How many lines are no part of what is recorded, by why. */
export interface LeftOut {
  /** What cannot be read as a line of a decision log. */
  readonly broken: number
  /** Changes of accounts, and requests that ended before a decision was made. */
  readonly undecided: number
  readonly otherPools: number
  /** Requests outside of the 31 days in which their pool had most. */
  readonly outside: number
}

/** How many requests a log has of a pool. */
export interface RecordedPool {
  readonly name: string
  readonly requests: number
}

/** Reads a decision log, a line at a time. */
export interface DecisionLogReader {
  /** Undefined for a line that is too long to be one. */
  read(row: string | undefined): void
  /** The pools that have requests, those with the most first. */
  pools(): RecordedPool[]
  /** What the log tells of a pool; of nothing, when it has no requests. */
  recorded(pool: string): Recorded
}

/** What is kept of a request: logs are longer than memory, and most of a line is why an account was chosen. */
interface Kept extends Turning {
  readonly arrivedMs: number
  readonly tokens: Tokens | undefined
  readonly attempts: number
  readonly faults: number
}

interface Tokens {
  readonly inputTokens: number
  readonly outputTokens: number
}

interface KeptPool {
  readonly requests: Kept[]
  readonly accounts: SeenAccounts
}

const FAULTS = ['server_error', 'timeout', 'transport_error', 'overloaded']

/**
 * Reads a decision log (JSON lines) as traffic that can be run again. The turns of one conversation become one session, in
 * which a prompt begins with the one before as far as that went: the log holds no prompts, so what could be
 * cached is reckoned by length. Requests whose tokens are not told are given the median of the others.
 */
export function createDecisionLogReader(): DecisionLogReader {
  const pools = new Map<string, KeptPool>()
  const unread = { broken: 0, undecided: 0 }

  function keep({ request, attempts, decisions }: DecisionLine): void {
    const { wallMs, pool: name = '', request: key } = decisions[0]!
    const { tenant = '', usage: tokens } = request
    const pool = pools.get(name) ?? { requests: [], accounts: createSeenAccounts() }
    pools.set(name, pool)
    pool.requests.push({
      ...{ arrivedMs: wallMs, tenant, session: key.session, tokens, attempts: attempts.length },
      continues: continuedBy(key.owners ?? []),
      told: attempts.findLast(({ told }) => told !== undefined)?.told,
      faults: attempts.filter(({ outcome = '' }) => FAULTS.includes(outcome)).length,
    })
    for (const decision of decisions) pool.accounts.saw(decision)
  }

  return {
    read(row) {
      if (row?.trim() === '') return
      const line = row === undefined ? 'broken' : readDecisionLine(row)
      if (typeof line === 'string') unread[line]++
      else keep(line)
    },
    pools: () =>
      Array.from(pools, ([name, { requests }]) => ({ name, requests: requests.length })).sort(
        (a, b) => b.requests - a.requests,
      ),
    recorded(name) {
      const all = Array.from(pools.values()).reduce((sum, { requests }) => sum + requests.length, 0)
      const pool = pools.get(name) ?? { requests: [], accounts: createSeenAccounts() }
      const otherPools = all - pool.requests.length
      return recordedOf(pool, { ...unread, otherPools })
    },
  }
}

function recordedOf({ requests, accounts }: KeptPool, leftOut: Omit<LeftOut, 'outside'>): Recorded {
  // A line is written when its request ends.
  const sorted = requests.toSorted((a, b) => a.arrivedMs - b.arrivedMs)
  const span = busiestSpan(sorted.map(({ arrivedMs }) => arrivedMs))
  const kept = sorted.filter(({ arrivedMs }) => arrivedMs >= span.fromMs && arrivedMs <= span.toMs)
  const attempts = kept.reduce((sum, request) => sum + request.attempts, 0)
  const faults = kept.reduce((sum, request) => sum + request.faults, 0)
  const { all, unlinked } = conversationsOf(kept)
  return {
    sessions: sessionsOf(all, usualTokens(kept), span.fromMs),
    unlinked,
    requests: kept.length,
    startMs: span.fromMs,
    durationMs: kept.length === 0 ? 0 : span.toMs - span.fromMs + 1,
    // What was decided anew for the last requests is later than they came.
    accounts: accounts.recorded({ fromMs: span.fromMs, toMs: span.fromMs + MOST_SPAN_MS }),
    tenants: [...new Set(kept.map(({ tenant }) => tenant))],
    errorShare: attempts === 0 ? 0 : faults / attempts,
    leftOut: { ...leftOut, outside: sorted.length - kept.length },
  }
}

function sessionsOf(
  conversations: readonly Conversation<Kept>[],
  usual: Tokens,
  startMs: number,
): SessionStart[] {
  const blocks = createBlocks()
  return conversations.map(({ turns, isStored }, serial) => ({
    serial,
    atMs: turns[0]!.arrivedMs - startMs,
    template: { turns: turns.map((request, place) => turnOf(request, turns[place - 1], usual, blocks)) },
    keyed: turns[0]!.session !== '',
    tenant: turns[0]!.tenant,
    ...(isStored ? { stored: true } : {}),
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
