const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** Text as it may stand in HTML and SVG, in attributes as well. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, character => ENTITIES[character]!)
}

/** A figure short enough for an axis or a cell. */
export function short(figure: number): string {
  if (Math.abs(figure) >= 100) return figure.toFixed(0)
  return String(Number(figure.toPrecision(3)))
}
