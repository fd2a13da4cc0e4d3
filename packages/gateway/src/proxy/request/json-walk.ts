/**
 * Steps through JSON text that is already known to be valid, between two bounds: for looking into a value without
 * parsing it. Where the text goes on beyond the bound, every step ends at the bound.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c

/** The index of the next byte that is no white space, at most `end`. */
export function skipSpace(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at]! <= 0x20) at++
  return at
}

/** The index behind the value that starts at `at`, at most `end`. Linear in the value's length. */
export function valueEnd(bytes: Uint8Array, at: number, end: number): number {
  const first = bytes[at]
  if (first === quote) return stringEnd(bytes, at, end)
  if (first !== 0x7b && first !== 0x5b) return scalarEnd(bytes, at, end)
  let depth = 0
  while (at < end) {
    const byte = bytes[at]!
    if (byte === quote) {
      at = stringEnd(bytes, at, end)
      continue
    }
    at++
    // Setting bit 5 makes the brackets of arrays those of objects: 0x5b to 0x7b, 0x5d to 0x7d.
    const bracket = byte | 0x20
    if (bracket === 0x7b) depth++
    else if (bracket === 0x7d && --depth === 0) return at
  }
  return end
}

/** The start of the item or member behind the value that ended at `at`; -1 when it was the last one. */
export function nextStart(bytes: Uint8Array, at: number, end: number): number {
  at = skipSpace(bytes, at, end)
  if (at >= end || bytes[at] !== comma) return -1
  at = skipSpace(bytes, at + 1, end)
  return at < end ? at : -1
}

/** The start of the first item or member of the array or object at `at`; -1 when it is empty. */
export function firstStart(bytes: Uint8Array, at: number, end: number): number {
  at = skipSpace(bytes, at + 1, end)
  const byte = bytes[at]
  return at < end && byte !== 0x5d && byte !== 0x7d ? at : -1
}

/** The start of the value of the member whose key starts at `at`, at most `end`. */
export function memberValue(bytes: Uint8Array, at: number, end: number): number {
  const colon = skipSpace(bytes, stringEnd(bytes, at, end), end)
  return skipSpace(bytes, Math.min(colon + 1, end), end)
}

/** Whether the string that starts at `at` is `text`, which is ASCII and needs no escape. */
export function isString(bytes: Uint8Array, at: number, text: string): boolean {
  if (bytes[at] !== quote || bytes[at + 1 + text.length] !== quote) return false
  for (let i = 0; i < text.length; i++) if (bytes[at + 1 + i] !== text.charCodeAt(i)) return false
  return true
}

/** Keys and short values are read byte by byte; what is longer, by a search that the engine has in machine code. */
const shortBytes = 24

function stringEnd(bytes: Uint8Array, start: number, end: number): number {
  const short = Math.min(start + shortBytes, end)
  let at = start + 1
  while (at < short) {
    const byte = bytes[at]!
    if (byte === quote) return at + 1
    at += byte === backslash ? 2 : 1
  }
  for (;;) {
    at = bytes.indexOf(quote, at)
    if (at < 0 || at >= end) return end
    if (!isEscaped(bytes, start, at)) return at + 1
    at++
  }
}

/** Whether an odd number of backslashes stands before the quote at `at`. */
function isEscaped(bytes: Uint8Array, start: number, at: number): boolean {
  let before = at - 1
  while (before > start && bytes[before] === backslash) before--
  return (at - before) % 2 === 0
}

function scalarEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end) {
    const byte = bytes[at]!
    if (byte === comma || byte === 0x7d || byte === 0x5d || byte <= 0x20) return at
    at++
  }
  return end
}
