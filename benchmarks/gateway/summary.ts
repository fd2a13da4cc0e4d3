import type { Kind } from './job.ts'

/** One proxy in one round. `cpuMicros` is per request (`json`) or per chunk (`sse`). */
export interface Sample {
  readonly name: 'headgate' | 'http-agent' | 'nginx' | 'direct'
  readonly kind: Kind
  readonly connections: number
  readonly cpuMicros: number
  readonly p50Micros: number
  readonly p99Micros: number
  readonly perSecond: number
}

/** The medians of one proxy, with the range of its CPU and its ratios to the bare proxy, round by round. */
export interface Summary extends Sample {
  readonly cpuRange: readonly [number, number]
  /** Median of the rounds' ratios to `http-agent`, measured seconds apart; undefined for itself. */
  readonly cpuRatio: number | undefined
}

/** Medians per name and kind, in the order of their first appearance. */
export function summarize(samples: readonly Sample[]): Summary[] {
  const groups = Map.groupBy(samples, ({ name, kind }) => `${kind} ${name}`)
  return [...groups.values()].map(group => {
    const { name, kind, connections } = group[0]!
    const yardstick = groups.get(`${kind} http-agent`)
    const cpu = group.map(sample => sample.cpuMicros)
    const ratios = group.flatMap((sample, round) => {
      const other = yardstick?.[round]
      return other === undefined || name === 'http-agent' ? [] : [sample.cpuMicros / other.cpuMicros]
    })
    return {
      name,
      kind,
      connections,
      cpuMicros: median(cpu),
      p50Micros: median(group.map(sample => sample.p50Micros)),
      p99Micros: median(group.map(sample => sample.p99Micros)),
      perSecond: median(group.map(sample => sample.perSecond)),
      cpuRange: [Math.min(...cpu), Math.max(...cpu)],
      cpuRatio: ratios.length === 0 ? undefined : median(ratios),
    }
  })
}

/** The summaries as lines of text. */
export function table(summaries: readonly Summary[]): string {
  const rows = summaries.map(one => [
    one.kind,
    one.name,
    `${one.cpuMicros.toFixed(1)} [${one.cpuRange.map(value => value.toFixed(0)).join('-')}]`,
    one.cpuRatio === undefined ? '' : `${one.cpuRatio.toFixed(2)}x`,
    one.p50Micros.toFixed(0),
    one.p99Micros.toFixed(0),
    one.perSecond.toFixed(0),
  ])
  rows.unshift(['kind', 'proxy', 'CPU-us a request/chunk', 'of http-agent', 'p50 us', 'p99 us', 'per second'])
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map(row => row[column]!.length)))
  const line = (row: string[]): string =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
  return rows.map(line).join('\n')
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
