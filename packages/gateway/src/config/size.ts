const unitBytes: Readonly<Record<string, number>> = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** What a size in the configuration looks like, for messages. Decimal units are left out: `32MB` is read in two ways. */
export const sizeUnits = 'B, KiB, MiB or GiB, as in 512KiB or 32MiB'

/** The same as a pattern, for the JSON Schema. */
export const sizePattern = /^\d{1,12}(?:B|KiB|MiB|GiB)$/

/** Reads `32MiB`, `512KiB`, `100B` as bytes; undefined for anything else. The range is the caller's business. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,12})(B|KiB|MiB|GiB)$/.exec(text)
  return match ? Number(match[1]) * unitBytes[match[2]!]! : undefined
}

/** Writes bytes in the largest unit that needs no fraction: `1048576` is `1MiB`. */
export function formatSize(bytes: number): string {
  const unit = ['GiB', 'MiB', 'KiB'].find(name => bytes > 0 && bytes % unitBytes[name]! === 0) ?? 'B'
  return `${bytes / unitBytes[unit]!}${unit}`
}
