/** Numbers agree when they are this close; plain doubles in the reference's order agree to the last bit. */
const tolerance = 1e-12

/** One place where what came is not what the reference gave. */
export function difference(where: string, expected: unknown, got: unknown): string {
  return `${where}: expected ${JSON.stringify(expected)}, got ${JSON.stringify(got) ?? 'undefined'}`
}

/** Differences between two pieces of plain data, each with its path; a key present on one side only is one. */
export function differences(where: string, expected: unknown, got: unknown): string[] {
  if (typeof expected === 'number' && typeof got === 'number') {
    return Math.abs(expected - got) <= tolerance ? [] : [difference(where, expected, got)]
  }
  if (Array.isArray(expected) && Array.isArray(got)) {
    if (expected.length !== got.length) return [difference(where, expected, got)]
    return expected.flatMap((value, i) => differences(`${where}[${i}]`, value, got[i]))
  }
  if (isRecord(expected) && isRecord(got)) {
    const keys = new Set([...Object.keys(expected), ...Object.keys(got)])
    return [...keys].flatMap(key => differences(`${where}.${key}`, expected[key], got[key]))
  }
  return Object.is(expected, got) ? [] : [difference(where, expected, got)]
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
