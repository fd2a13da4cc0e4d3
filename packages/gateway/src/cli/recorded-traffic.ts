import {
  createDecisionLogReader,
  type DecisionLogReader,
  type Recorded,
  type RecordedPool,
} from '@headgate/simulator'
import { printable } from '../text/printable.ts'
import { logLines } from './log-lines.ts'
import { note } from './output.ts'
import { UsageError } from './usage-error.ts'

/**
 * The traffic of a pool as a decision log tells it, read as a stream. Says on stderr what it comes to, and which lines
 * are left out.
 * @throws UsageError when the file cannot be read, has nothing to replay, or has several pools and none is named
 */
export async function recordedTraffic(flags: {
  readonly log: string
  readonly pool?: string
}): Promise<Recorded> {
  const reader = createDecisionLogReader()
  for await (const row of logLines(flags.log)) reader.read(row)
  const recorded = reader.recorded(poolOf(reader, flags))
  note(contents(recorded))
  const left = leftOut(recorded)
  if (left !== '') note(left)
  return recorded
}

function poolOf(reader: DecisionLogReader, { log, pool }: { log: string; pool?: string }): string {
  const pools = reader.pools()
  const [first] = pools
  if (first === undefined) {
    const left = leftOut(reader.recorded(''))
    throw new UsageError(
      `--log: ${log} holds no request with a decision${left === '' ? '' : ` (${left.slice(0, -1)})`}. ` +
        'Fix: name a file that telemetry.decisionLog wrote.',
    )
  }
  if (pool === undefined && pools.length === 1) return first.name
  if (pool !== undefined && pools.some(({ name }) => name === pool)) return pool
  const wrong = pool === undefined ? 'the log holds several pools' : `the log has no pool ${quoted(pool)}`
  throw new UsageError(
    `--pool: ${wrong}; it has ${listed(pools)}. Fix: write one of them, such as --pool ${printable(first.name)}.`,
  )
}

const mostListed = 20

function listed(pools: readonly RecordedPool[]): string {
  const each = pools
    .slice(0, mostListed)
    .map(({ name, requests }) => `${quoted(name)} (${of(requests, 'request')})`)
  const more = pools.length - each.length
  return [...each, ...(more > 0 ? [`${more} more`] : [])].join(', ')
}

function contents({ requests, sessions, durationMs, accounts, unlinked }: Recorded): string {
  const lone =
    unlinked === 0
      ? ''
      : `; ${of(unlinked, 'request')} continue a response whose own request the log does not tell: each is replayed as a conversation that begins`
  return (
    `${of(requests, 'request')} in ${of(sessions.length, 'session')} over ${Math.round(durationMs / 1000)} s; ` +
    accounts
      .map(({ id, slots, speed }) => `${printable(id)}: ${of(slots, 'slot')}, pace ${speed.toFixed(2)}`)
      .join('; ') +
    lone
  )
}

/** `''` when nothing is left out. */
function leftOut({ leftOut: { broken, undecided, otherPools, outside }, startMs }: Recorded): string {
  const from = new Date(startMs).toISOString()
  const reasons: readonly [number, string][] = [
    [broken, 'broken'],
    [undecided, 'without a decision'],
    [otherPools, 'of other pools'],
    [outside, `outside of the 31 days from ${from}, where most requests are`],
  ]
  const all = reasons.reduce((sum, [count]) => sum + count, 0)
  const told = reasons.filter(([count]) => count > 0).map(reason => reason.join(' '))
  return all === 0 ? '' : `${of(all, 'line')} ${all === 1 ? 'is' : 'are'} left out: ${told.join(', ')}.`
}

const of = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

const quoted = (name: string): string => JSON.stringify(printable(name))
