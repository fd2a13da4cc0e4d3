// C0, DEL, C1, the Unicode line separators and the bidirectional overrides: none may reach a terminal or a log.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** A piece of foreign text without what would steer a terminal or break a line. */
export function printable(text: string): string {
  return text.replace(unprintable, '')
}
