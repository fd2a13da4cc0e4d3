/** Header fields in order, names in lower case, duplicates kept: what neither a plain object nor `Headers` can hold. */
export type HeaderList = readonly (readonly [name: string, value: string])[]

/** The first value of a header, by its name in lower case; undefined when it is absent. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  for (const field of headers) if (field[0] === name) return field[1]
  return undefined
}
