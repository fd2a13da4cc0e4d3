import { hideCredentials } from '../../text/credentials.ts'
import { printable } from '../../text/printable.ts'

/** The longest piece of foreign text that is ever repeated to a client. */
const maxEchoChars = 100

/**
 * Makes a piece of foreign text fit to be repeated in a message: no control characters, nothing that looks like
 * a credential, at most 100 characters (or `maxChars`, for what only the operator reads).
 */
export function cleanText(text: string, options: { readonly maxChars?: number } = {}): string {
  const { maxChars = maxEchoChars } = options
  // Cut first: no expression may run over megabytes. The margin keeps a secret that straddles the cut whole.
  const cut = text.length > 4 * maxChars ? text.slice(0, 4 * maxChars) : text
  const clean = hideCredentials(printable(cut))
  return clean.length > maxChars ? `${clean.slice(0, maxChars - 3)}...` : clean
}
