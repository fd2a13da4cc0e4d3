import type { JobResult } from '../league/job.ts'
import { type Figures, QUANTILES, type ShareLine } from '../measure/figures.ts'
import { type Line, type Plot, plotSvg, type Shade } from './plot.ts'

/** A policy's colour: the golden angle keeps neighbours apart, however many there are. */
export function colourOf(place: number): string {
  return `hsl(${Math.round(place * 137.5 + 210) % 360} 65% ${place % 2 === 0 ? 42 : 55}%)`
}

const INCIDENT_COLOURS = {
  brown_out: '#b5651d',
  dead: '#c1121f',
  errors: '#8338ec',
  quota: '#3a86ff',
} as const
const INCIDENT_NAMES = { brown_out: 'brown-out', dead: 'dead', errors: 'errors', quota: 'quota' } as const

const TAIL_MARKS = [0.05, 0.5, 0.9, 0.99, 0.999]

/** A distribution by its quantiles, one line a policy: the x axis gives each nine of the tail the same room. */
export function distributionPlot(
  results: readonly JobResult[],
  of: { readonly key: 'slowdown' | 'ttftSeconds'; readonly title: string; readonly unit: string },
): string {
  const lines = results.map(
    (result, place): Line => ({
      label: result.job.policy,
      colour: colourOf(place),
      points: QUANTILES.map((q, i) => [q, result.figures[of.key][i]!] as const),
    }),
  )
  const figures = lines.flatMap(line => line.points.map(([, figure]) => figure)).filter(figure => figure > 0)
  const [least, most] = [Math.min(...figures), Math.max(...figures)]
  return plotSvg({
    title: of.title,
    x: {
      ...{ label: 'of all requests served', least: 0.05, most: 0.999, marks: TAIL_MARKS },
      scale: q => -Math.log10(1 - q),
      text: q => `${Number((q * 100).toFixed(1))} %`,
    },
    y: { label: of.unit, least, most, scale: Math.log, marks: decades(least, most) },
    lines,
  })
}

/** 1, 2, 5 of every decade between two figures. */
function decades(least: number, most: number): number[] {
  const marks: number[] = []
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most; power++)
    for (const step of [1, 2, 5])
      if (step * 10 ** power >= least && step * 10 ** power <= most) marks.push(step * 10 ** power)
  return marks
}

/** Requests waiting over time, one line a policy. */
export function queuePlot(results: readonly JobResult[]): string {
  const { figures } = results[0]!
  const lines = results.map(
    (result, place): Line => ({
      label: result.job.policy,
      colour: colourOf(place),
      points: overTime(result.figures, result.figures.waiting),
    }),
  )
  return timePlot(figures, { title: 'Requests waiting', unit: 'most in the queue at once', lines })
}

/** Where one policy's traffic went over time. */
export function sharePlot({ job, figures }: JobResult): string {
  const lines = figures.shares.map(
    (line, place): Line => ({
      label: line.label,
      ...strokeOf(line, figures, place),
      points: overTime(figures, line.percent),
    }),
  )
  return timePlot(figures, {
    title: `Share of traffic, ${job.policy}`,
    unit: '% of attempts an account',
    lines,
  })
}

function strokeOf(line: ShareLine, figures: Figures, place: number): { colour: string; width: number } {
  if (line.of === 'well') return { colour: `hsl(150 15% ${40 + (place % 5) * 8}%)`, width: 1 }
  if (line.of !== 'sick') return { colour: '#5f7f6f', width: line.of === 'median' ? 2 : 1 }
  const incident = figures.incidents.find(({ accounts }) => accounts.includes(line.label))
  return { colour: INCIDENT_COLOURS[incident?.kind ?? 'dead'], width: 1.6 }
}

function overTime({ binSeconds }: Figures, figures: readonly number[]): (readonly [number, number])[] {
  return figures.map((figure, bin) => [(bin + 0.5) * binSeconds, figure] as const)
}

function timePlot(
  figures: Figures,
  of: { readonly title: string; readonly unit: string; readonly lines: readonly Line[] },
): string {
  const seconds = figures.binSeconds * figures.waiting.length
  const most = Math.max(1, ...of.lines.flatMap(line => line.points.map(([, figure]) => figure)))
  const plot: Plot = {
    title: of.title,
    x: { label: 'seconds', least: 0, most: seconds, marks: even(seconds, 6) },
    y: { label: of.unit, least: 0, most, marks: even(most, 4) },
    lines: of.lines,
    shades: figures.incidents.map(
      ({ kind, fromSeconds, toSeconds }): Shade => ({
        ...{ from: fromSeconds, to: toSeconds, label: INCIDENT_NAMES[kind], colour: INCIDENT_COLOURS[kind] },
      }),
    ),
  }
  return plotSvg(plot)
}

/** Round figures from 0 to at most `most`, about so many. */
function even(most: number, count: number): number[] {
  const rough = most / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map(factor => factor * power).find(candidate => candidate >= rough) ?? rough
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step)
}
