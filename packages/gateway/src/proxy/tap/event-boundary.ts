const lf = 0x0a
const cr = 0x0d

/**
 * Where the last whole event of a chunk ends: the index behind its blank line, 0 when the chunk ends none.
 * `secondBefore` and `before` are the last two bytes that came ahead of it. Line ends may be LF, CRLF or CR. Looks from the end, where
 * the blank line nearly always is.
 */
export function lastEventEnd(chunk: Uint8Array, secondBefore: number, before: number): number {
  for (let index = chunk.length - 1; index >= 0; index--) {
    const byte = chunk[index]!
    if (byte !== lf && byte !== cr) continue
    // The terminator that ends here, one or two bytes, is a blank line if another line ends right before it.
    const previous = index > 0 ? chunk[index - 1]! : before
    let ahead = previous
    if (byte === lf && previous === cr) {
      ahead = index > 1 ? chunk[index - 2]! : index === 1 ? before : secondBefore
    }
    if (ahead === lf || ahead === cr) return index + 1
  }
  return 0
}
