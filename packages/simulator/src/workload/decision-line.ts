/** What a replay reads of a line of a gateway's decision log; the gateway's telemetry writes more. */
export interface DecisionLine {
  readonly request: { readonly tenant?: string; readonly usage?: Usage }
  /** `told`: the hard key of the response that the client was told. */
  readonly attempts: readonly { readonly outcome?: string; readonly told?: string }[]
  readonly decisions: readonly LoggedDecision[]
}

export interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
}

export interface LoggedDecision {
  readonly wallMs: number
  readonly pool?: string
  readonly admittedTo?: string
  readonly waitedMs?: number
  readonly durationMs?: number
  readonly firstTokenMs?: number
  readonly usage?: Usage
  /** `owners`: hard keys of what it continues and refers to; what it continues comes first. */
  readonly request: { readonly session: string; readonly owners?: readonly string[] }
  readonly rows: readonly {
    readonly account: string
    readonly limit: number
    readonly inUse: number
    readonly priority: number
  }[]
}

/**
 * Reads a line. `undecided`: a change of an account's state, or a request that ended before any decision was made for it.
 * `broken`: what a full disk or an editor made of a line, or one of another kind of file.
 */
export function readDecisionLine(row: string): DecisionLine | 'undecided' | 'broken' {
  try {
    const line = JSON.parse(row)
    if (line.kind === 'account') return 'undecided'
    const isWhole = line.kind === 'request' && isRequest(line.request) && line.attempts.every(isAttempt)
    if (!isWhole || !line.decisions.every(isDecision)) return 'broken'
    return line.decisions.length > 0 ? line : 'undecided'
  } catch {
    return 'broken'
  }
}

function isAttempt(value: { readonly told?: unknown } | null): boolean {
  return typeof value === 'object' && value !== null && ['undefined', 'string'].includes(typeof value.told)
}

function isRequest({ tenant = '', usage }: DecisionLine['request']): boolean {
  return typeof tenant === 'string' && isUsage(usage)
}

/** Times a file may hold are those in which a date can be. */
const MOST_MS = 8.64e15

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= MOST_MS)
}

function isDecision(value: Partial<LoggedDecision>): boolean {
  const {
    wallMs,
    pool = '',
    admittedTo = 'nobody',
    waitedMs,
    durationMs,
    firstTokenMs,
    request,
    rows,
    usage,
  } = value
  const areTimes = wallMs !== undefined && [wallMs, waitedMs, durationMs, firstTokenMs].every(isTime)
  const areRows = Array.isArray(rows) && rows.every(isRow)
  const owners = request?.owners ?? []
  const areTexts =
    Array.isArray(owners) && [request?.session, pool, ...owners].every(text => typeof text === 'string')
  return areTimes && areRows && areTexts && isName(admittedTo) && isUsage(usage)
}

/** Slots are counted in 32 bits; 0 stands for no limit. */
const MOST_SLOTS = 0x7fffffff

function isRow({ account, limit, inUse, priority }: Partial<LoggedDecision['rows'][number]>): boolean {
  const areCounts = [limit, inUse].every(
    count => Number.isInteger(count) && count! >= 0 && count! <= MOST_SLOTS,
  )
  return isName(account) && areCounts && Number.isFinite(priority)
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && value !== ''
}

/** More tokens than any prompt has would be memory for blocks that nobody sent. */
const MOST_TOKENS = 1e8

function isUsage(usage: Usage | undefined): boolean {
  const isCount = (value: unknown) => typeof value === 'number' && value >= 0 && value <= MOST_TOKENS
  return usage === undefined || [usage.inputTokens, usage.cachedTokens, usage.outputTokens].every(isCount)
}
