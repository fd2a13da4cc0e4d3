/**
 * Go's idea of white space (`unicode.IsSpace`), which is Unicode's White_Space property. JavaScript's `trim`
 * differs in two characters: it keeps U+0085 (next line) and takes U+FEFF (byte order mark).
 * All of them are single UTF-16 units, so a char code is enough.
 */
export function isGoSpace(code: number): boolean {
  if (code <= 0x20) return code === 0x20 || (code >= 0x09 && code <= 0x0d)
  if (code < 0x1680) return code === 0x85 || code === 0xa0
  return (
    code === 0x1680 ||
    (code >= 0x2000 && code <= 0x200a) ||
    code === 0x2028 ||
    code === 0x2029 ||
    code === 0x202f ||
    code === 0x205f ||
    code === 0x3000
  )
}

/** Where the text begins after leading white space; the length when there is nothing else. */
export function goTrimStart(value: string): number {
  let start = 0
  while (start < value.length && isGoSpace(value.charCodeAt(start))) start++
  return start
}

/** Where the text ends before trailing white space, never before `start`. */
export function goTrimEnd(value: string, start: number): number {
  let end = value.length
  while (end > start && isGoSpace(value.charCodeAt(end - 1))) end--
  return end
}

/** `strings.TrimSpace` of Go. Answers the same string, without a copy, when there is nothing to trim. */
export function goTrim(value: string): string {
  const start = goTrimStart(value)
  return value.slice(start, goTrimEnd(value, start))
}
