import { escaped, short } from './text.ts'

/** One line of a plot. */
export interface Line {
  readonly label: string
  readonly colour: string
  readonly width?: number
  readonly points: readonly (readonly [number, number])[]
}

/** A span of the x axis that is shaded. */
export interface Shade {
  readonly from: number
  readonly to: number
  readonly label: string
  readonly colour: string
}

/** One axis: how figures become places, and where its marks are. */
export interface Axis {
  readonly label: string
  readonly least: number
  readonly most: number
  /** Where a figure stands; default linear. It must rise with the figure. */
  readonly scale?: (figure: number) => number
  readonly marks: readonly number[]
  readonly text?: (figure: number) => string
}

export interface Plot {
  readonly title: string
  readonly x: Axis
  readonly y: Axis
  readonly lines: readonly Line[]
  readonly shades?: readonly Shade[]
}

const SIZE = { width: 560, height: 260, left: 52, right: 22, top: 26, bottom: 34 }

/** A plot as SVG with everything in it: no script, no font, no style of the page's. */
export function plotSvg(plot: Plot): string {
  const { width, height, left, right, top, bottom } = SIZE
  const x = placer(plot.x, left, width - right)
  const y = placer(plot.y, height - bottom, top)
  const parts = [
    ...(plot.shades ?? []).map(shade => shadeSvg(shade, x)),
    ...plot.x.marks.map(mark => xMark(plot.x, mark, x(mark))),
    ...plot.y.marks.map(mark => yMark(plot.y, mark, y(mark))),
    ...plot.lines.map(line => lineSvg(line, x, y)),
    `<text class="title" x="${left}" y="16">${escaped(plot.title)}</text>`,
    `<text class="mark" x="${width - right}" y="${height - 4}" text-anchor="end">${escaped(plot.x.label)}</text>`,
    `<text class="mark" x="${width - right}" y="16" text-anchor="end">${escaped(plot.y.label)}</text>`,
  ]
  const label = escaped(plot.title)
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">${parts.join('')}</svg>`
}

type Place = (figure: number) => number

function placer({ least, most, scale = (figure: number) => figure }: Axis, from: number, to: number): Place {
  const low = scale(least)
  const span = scale(most) - low || 1
  return figure => {
    const share = (scale(Math.min(most, Math.max(least, figure))) - low) / span
    return Math.round((from + share * (to - from)) * 10) / 10
  }
}

function shadeSvg({ from, to, label, colour }: Shade, x: Place): string {
  const { top, height, bottom } = SIZE
  const width = Math.max(1, x(to) - x(from))
  return (
    `<rect x="${x(from)}" y="${top}" width="${width}" height="${height - bottom - top}" fill="${colour}" opacity="0.18">` +
    `<title>${escaped(label)}</title></rect>` +
    `<text class="mark" x="${x(from) + 2}" y="${top + 10}">${escaped(label)}</text>`
  )
}

function xMark({ text = short }: Axis, mark: number, at: number): string {
  const { top, height, bottom } = SIZE
  const label = `<text class="mark" x="${at}" y="${height - bottom + 14}" text-anchor="middle">${escaped(text(mark))}</text>`
  return `<path class="grid" d="M${at} ${top}V${height - bottom}"/>${label}`
}

function yMark({ text = short }: Axis, mark: number, at: number): string {
  const { left, width, right } = SIZE
  const label = `<text class="mark" x="${left - 5}" y="${at + 4}" text-anchor="end">${escaped(text(mark))}</text>`
  return `<path class="grid" d="M${left} ${at}H${width - right}"/>${label}`
}

function lineSvg({ label, colour, width = 1.6, points }: Line, x: Place, y: Place): string {
  const path = points
    .filter(([, figure]) => Number.isFinite(figure))
    .map(([at, figure], i) => `${i === 0 ? 'M' : 'L'}${x(at)} ${y(figure)}`)
    .join('')
  return `<path d="${path}" fill="none" stroke="${colour}" stroke-width="${width}"><title>${escaped(label)}</title></path>`
}
