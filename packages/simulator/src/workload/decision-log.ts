import { percentile } from '../measure/percentile.ts'
import { firstTokenMs, MEAN_PACE } from '../world/latency.ts'
import { BLOCK_TOKENS } from '../world/prefix-cache.ts'
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

/** An account as the log shows it. */
export interface RecordedAccount {
  readonly id: string
  /** Its limit; where the log shows none, twice the most it had in use at once. */
  readonly slots: number
  readonly priority: number
  /** The median of its times to first token over what the simulated world gives an account of mean pace. */
  readonly speed: number
}

// What is read of a line; the gateway's telemetry writes more.
interface Line {
  readonly kind?: string
  readonly request: { readonly tenant?: string; readonly durationMs: number; readonly usage?: Usage }
  readonly attempts: readonly { readonly outcome?: string }[]
  readonly decisions: readonly LoggedDecision[]
}

interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
}

interface LoggedDecision {
  readonly wallMs: number
  readonly admittedTo?: string
  readonly waitedMs?: number
  readonly durationMs?: number
  readonly firstTokenMs?: number
  readonly usage?: Usage
  readonly request: { readonly session: string }
  readonly rows: readonly {
    readonly account: string
    readonly limit: number
    readonly inUse: number
    readonly priority: number
  }[]
}

const FAULTS = ['server_error', 'timeout', 'transport_error', 'overloaded']

/**
 * Reads a decision log (JSON lines) as traffic that can be run again. Requests of one tenant and session key become one
 * session, in which a prompt begins with the one before as far as that went: the log holds no prompts, so what could be
 * cached is reckoned by length. Requests whose tokens are not told are given the median of the others.
 */
export function readDecisionLog(text: string): Recorded {
  const lines: Line[] = []
  let skipped = 0
  for (const row of text.split('\n')) {
    if (row === '') continue
    const line = lineOf(row)
    if (line === undefined) skipped++
    else lines.push(line)
  }
  lines.sort((a, b) => arrivedMs(a) - arrivedMs(b))
  const startMs = lines.length === 0 ? 0 : arrivedMs(lines[0]!)
  const outcomes = lines.flatMap(({ attempts }) => attempts.map(({ outcome = '' }) => outcome))
  return {
    sessions: sessionsOf(lines, startMs),
    requests: lines.length,
    durationMs: lines.length === 0 ? 0 : arrivedMs(lines.at(-1)!) - startMs + 1,
    accounts: accountsOf(lines),
    tenants: [...new Set(lines.map(({ request }) => request.tenant ?? ''))],
    errorShare:
      outcomes.length === 0 ? 0 : outcomes.filter(said => FAULTS.includes(said)).length / outcomes.length,
    skipped,
  }
}

function lineOf(row: string): Line | undefined {
  try {
    const line = JSON.parse(row) as Line
    return line.kind === 'request' && line.decisions.length > 0 ? line : undefined
  } catch {
    return undefined
  }
}

function arrivedMs({ decisions }: Line): number {
  return decisions[0]!.wallMs
}

function sessionsOf(lines: readonly Line[], startMs: number): SessionStart[] {
  const groups = new Map<string, Line[]>()
  for (const [place, line] of lines.entries()) {
    const { session } = line.decisions[0]!.request
    const key = session === '' ? `${place}` : `${line.request.tenant} ${session}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [line])
    else group.push(line)
  }
  const usual = usualTokens(lines)
  return Array.from(groups.values(), (group, serial) => ({
    serial,
    atMs: arrivedMs(group[0]!) - startMs,
    template: { turns: group.map((line, place) => turnOf(line, group[place - 1], usual)) },
    keyed: group[0]!.decisions[0]!.request.session !== '',
    tenant: group[0]!.request.tenant ?? '',
  }))
}

function turnOf(line: Line, before: Line | undefined, usual: Usage): Turn {
  const { inputTokens, outputTokens } = line.request.usage ?? usual
  return {
    gapMs: before === undefined ? 0 : arrivedMs(line) - arrivedMs(before),
    inputTokens,
    outputTokens,
    blocks: Array.from({ length: Math.floor(inputTokens / BLOCK_TOKENS) }, (_, place) => place),
  }
}

function usualTokens(lines: readonly Line[]): Usage {
  const known = lines.flatMap(({ request }) => request.usage ?? [])
  if (known.length === 0) return { inputTokens: 1_000, cachedTokens: 0, outputTokens: 200 }
  const median = (of: (usage: Usage) => number) => percentile(known.map(of), 0.5)
  return {
    inputTokens: median(usage => usage.inputTokens),
    cachedTokens: 0,
    outputTokens: median(usage => usage.outputTokens),
  }
}

interface Seen {
  limit: number
  priority: number
  readonly ratios: number[]
  /** When its requests began and ended. */
  readonly spans: (readonly [number, number])[]
}

/** Accounts by the rows of decisions that had any: one that found a session's account has none. */
function accountsOf(lines: readonly Line[]): RecordedAccount[] {
  const seen = new Map<string, Seen>()
  const accountOf = (id: string): Seen => {
    const known = seen.get(id) ?? { limit: 0, priority: 0, ratios: [], spans: [] }
    seen.set(id, known)
    return known
  }
  for (const decision of lines.flatMap(({ decisions }) => decisions)) {
    for (const { account, limit, priority } of decision.rows)
      Object.assign(accountOf(account), { limit, priority })
    const { admittedTo, wallMs, waitedMs = 0, durationMs = 0 } = decision
    if (admittedTo === undefined) continue
    const account = accountOf(admittedTo)
    account.spans.push([wallMs + waitedMs, wallMs + waitedMs + durationMs])
    const ratio = paceOf(decision)
    if (ratio !== undefined) account.ratios.push(ratio)
  }
  return Array.from(seen, ([id, { limit, priority, ratios, spans }]) => ({
    id,
    slots: limit > 0 ? limit : 2 * Math.max(1, mostAtOnce(spans)),
    priority,
    speed: ratios.length === 0 ? 1 : Math.min(100, Math.max(0.01, percentile(ratios, 0.5))),
  }))
}

function mostAtOnce(spans: readonly (readonly [number, number])[]): number {
  const steps = spans.flatMap(([from, to]) => [[from, 1] as const, [to, -1] as const])
  steps.sort((a, b) => a[0] - b[0] || a[1] - b[1])
  let now = 0
  let most = 0
  for (const [, step] of steps) {
    now += step
    most = Math.max(most, now)
  }
  return most
}

/** How many times slower than the world's mean account this was; undefined when the log does not tell. */
function paceOf({ admittedTo, firstTokenMs: tookMs, usage, rows }: LoggedDecision): number | undefined {
  if (tookMs === undefined || usage === undefined) return undefined
  const row = rows.find(({ account, limit }) => account === admittedTo && limit > 0)
  const use = row === undefined ? 0.5 : Math.min(1, (row.inUse + 1) / row.limit)
  return tookMs / firstTokenMs(MEAN_PACE, usage.inputTokens - usage.cachedTokens, usage.cachedTokens, use)
}
