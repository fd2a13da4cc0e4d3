/** What a replay reads of a line of a gateway's decision log; the gateway's telemetry writes more. */
export interface DecisionLine {
  readonly request: { readonly tenant?: string; readonly usage?: Usage }
  readonly attempts: readonly { readonly outcome?: string }[]
  readonly decisions: readonly LoggedDecision[]
}

export interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
}

export interface LoggedDecision {
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

/** Reads a line; undefined for one that is no request of a pool, and for what a full disk or an editor made of one. */
export function readDecisionLine(row: string): DecisionLine | undefined {
  try {
    const line = JSON.parse(row)
    const isRequest = line.kind === 'request' && Array.isArray(line.attempts) && isRecord(line.request)
    const isWhole = isRequest && line.decisions.length > 0 && line.decisions.every(isDecision)
    return isWhole && isUsage(line.request.usage) ? line : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

/** Times a file may hold are those in which a date can be. */
const MOST_MS = 8.64e15

function isTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= MOST_MS)
}

function isDecision(value: Partial<LoggedDecision>): boolean {
  const { wallMs, waitedMs, durationMs, firstTokenMs, request, rows, usage } = value
  const areTimes = wallMs !== undefined && [wallMs, waitedMs, durationMs, firstTokenMs].every(isTime)
  const areRows = Array.isArray(rows) && rows.every(row => typeof row.account === 'string')
  return areTimes && areRows && typeof request?.session === 'string' && isUsage(usage)
}

/** More tokens than any prompt has would be memory for blocks that nobody sent. */
const MOST_TOKENS = 1e8

function isUsage(usage: Usage | undefined): boolean {
  const isCount = (value: unknown) => typeof value === 'number' && value >= 0 && value <= MOST_TOKENS
  return usage === undefined || [usage.inputTokens, usage.cachedTokens, usage.outputTokens].every(isCount)
}
