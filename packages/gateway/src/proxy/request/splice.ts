/** Bytes to put in the place of `[start, end)`. */
export interface Splice {
  readonly start: number
  readonly end: number
  readonly bytes: Uint8Array
}

/**
 * A body with ranges replaced, as pieces: every other byte is the client's own, and nothing is copied. Splices
 * come in ascending order and do not overlap.
 */
export function spliceBytes(
  body: Uint8Array,
  splices: readonly Splice[],
): Uint8Array | readonly Uint8Array[] {
  if (splices.length === 0) return body
  const pieces: Uint8Array[] = []
  let at = 0
  for (const splice of splices) {
    if (splice.start < at || splice.end < splice.start)
      throw new RangeError('splices overlap or are out of order')
    if (splice.start > at) pieces.push(body.subarray(at, splice.start))
    if (splice.bytes.length > 0) pieces.push(splice.bytes)
    at = splice.end
  }
  if (at < body.length) pieces.push(body.subarray(at))
  return pieces
}
