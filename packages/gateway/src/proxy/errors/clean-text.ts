import { hideCredentials } from '../../text/credentials.ts'

/** The longest piece of foreign text that is ever repeated to a client. */
const maxEchoChars = 100

// C0, DEL, C1, the Unicode line separators and the bidirectional overrides: none may reach a terminal or a log.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/**
 * Makes a piece of foreign text fit to be repeated in a message: no control characters, nothing that looks like
 * a credential, at most 100 characters (or `maxChars`, for what only the operator reads).
 */
export function cleanText(text: string, options: { readonly maxChars?: number } = {}): string {
  const { maxChars = maxEchoChars } = options
  // Cut first: no expression may run over megabytes. The margin keeps a secret that straddles the cut whole.
  const cut = text.length > 4 * maxChars ? text.slice(0, 4 * maxChars) : text
  const clean = hideCredentials(cut.replace(unprintable, ''))
  return clean.length > maxChars ? `${clean.slice(0, maxChars - 3)}...` : clean
}
