import { type Decision, explain, explanationText } from '@headgate/scheduler'
import { printable } from '../text/printable.ts'
import { logLines } from './log-lines.ts'
import { note, print } from './output.ts'
import { UsageError } from './usage-error.ts'

/** The flags of `headgate explain`, as they were given. */
export interface ExplainFlags {
  readonly log: string
  readonly id?: string
  readonly last?: number
}

/** What is read of a line; the log says more. */
interface RequestLine {
  readonly request: { readonly requestId: string; readonly status?: number; readonly errorCode?: string }
  readonly decisions: readonly Decision[]
}

/**
 * Prints each wanted request with every decision made for it. Reads the log as a stream, however long it is.
 * @throws UsageError when the file cannot be read or holds nothing of what was asked for
 */
export async function runExplain(flags: ExplainFlags): Promise<void> {
  if (flags.id !== undefined && flags.last !== undefined)
    throw new UsageError('--id and --last exclude each other. Fix: keep one of the two.')
  const { found, read, unreadable } = await search(flags)
  if (unreadable > 0)
    note(
      unreadable === 1
        ? '1 line cannot be read as of a decision log, and is left out.'
        : `${unreadable} lines cannot be read as of a decision log, and are left out.`,
    )
  if (found.length === 0) throw nothingFound(flags, read)
  if (flags.id !== undefined && found.length > 1) note(severalFound(flags.id, found))
  print(found.map(textOf).join('\n\n'))
}

interface Found {
  readonly found: readonly RequestLine[]
  /** Requests with a decision, wanted or not. */
  readonly read: number
  readonly unreadable: number
}

async function search({ log, id, last = 1 }: ExplainFlags): Promise<Found> {
  const found: RequestLine[] = []
  let read = 0
  let unreadable = 0
  for await (const row of logLines(log)) {
    if (row?.trim() === '') continue
    const line = row === undefined ? undefined : parse(row)
    if (line === undefined) unreadable++
    if (line?.kind !== 'request' || line.decisions.length === 0) continue
    read++
    if (id !== undefined && !isAbout(line, id)) continue
    found.push(line)
    if (id === undefined && found.length > last) found.shift()
  }
  return { found, read, unreadable }
}

/** Undefined for what is no line of a decision log, such as one that a full disk cut off. */
function parse(row: string): (RequestLine & { readonly kind: string }) | undefined {
  try {
    const { kind, request, decisions = [] } = JSON.parse(row)
    if (kind === 'account') return { kind, request, decisions: [] }
    const isWhole =
      kind === 'request' && typeof request?.requestId === 'string' && decisions.every(isDecision)
    return isWhole ? { kind, request, decisions } : undefined
  } catch {
    return undefined
  }
}

/** As far as telling of one needs it: the log is a file that anything may have changed. */
function isDecision(decision: Partial<Decision>): boolean {
  const { wallMs, request, filtered, rows, attempts, termNames } = decision
  if (typeof wallMs !== 'number' || Number.isNaN(new Date(wallMs).getTime())) return false
  const isList = [rows, attempts, termNames].every(Array.isArray)
  return isList && rows!.every(({ terms }) => Array.isArray(terms)) && !!request && !!filtered
}

function isAbout({ request, decisions }: RequestLine, id: string): boolean {
  return request.requestId === id || decisions.some(decision => String(decision.id) === id)
}

function nothingFound({ log, id }: ExplainFlags, read: number): UsageError {
  if (read === 0) {
    return new UsageError(
      `--log: ${log} holds no request with a decision. Fix: name a file that telemetry.decisionLog wrote.`,
    )
  }
  return new UsageError(
    `--id: none of the ${read} requests in ${log} is ${JSON.stringify(id)}. ` +
      'Fix: give an x-request-id or the number of a decision; older ones may stand in the rotated files beside it.',
  )
}

function severalFound(id: string, found: readonly RequestLine[]): string {
  return (
    `${found.length} requests have a decision ${printable(id)}: every pool and process counts from 1. ` +
    `For one of them: --id ${printable(found.at(-1)!.request.requestId)}`
  )
}

function textOf({ request, decisions }: RequestLine): string {
  const { requestId, status, errorCode } = request
  const head = `${requestId}: ${[status ?? 'no answer', errorCode].filter(part => part !== undefined).join(' ')}`
  const each = decisions.map(decision => {
    const at = new Date(decision.wallMs).toISOString()
    return `Decision ${decision.id} of pool ${decision.pool}, ${at}\n${explanationText(explain(decision))}`
  })
  return [head, ...each].join('\n').split('\n').map(printable).join('\n')
}
