/** A value as an error message shows it: JSON where that says it all, bounded. */
function shown(value: unknown): string {
  if (value === undefined) return 'undefined'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Error) return String(value)
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 400 ? `${text.slice(0, 400)}... (${text.length} characters)` : text
}

/** Equal as JSON has it: enough for what ports exchange, which is plain data. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    key =>
      Object.hasOwn(b, key) && same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  )
}

/** Throws an Error that says what was expected and what came, unless both are the same plain data. */
export function assertEqual(got: unknown, expected: unknown, what: string): void {
  if (!same(got, expected)) throw new Error(`${what}: expected ${shown(expected)}, got ${shown(got)}`)
}

/** Throws unless the condition holds; `got` is shown beside the claim. */
export function assertThat(condition: boolean, claim: string, got: unknown): void {
  if (!condition) throw new Error(`${claim}: expected this to hold, got ${shown(got)}`)
}
