/** The longest piece of a caller's input that is ever repeated to anyone. */
const maxEchoChars = 100

// C0, DEL, C1, the Unicode line separators and the bidirectional overrides: none may reach a terminal or a log.
const unprintable = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu
const secrets = /\bsk-[A-Za-z0-9_-]{4,}|\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]+)*|\bBearer\s+\S+/gi

/**
 * Makes a piece of foreign text fit to be repeated in a message: no control characters, nothing that looks like
 * a credential, at most 100 characters.
 */
export function cleanText(text: string): string {
  // Cut first: neither expression may run over megabytes. The margin keeps a secret that straddles the cut whole.
  const cut = text.length > 4 * maxEchoChars ? text.slice(0, 4 * maxEchoChars) : text
  const clean = cut.replace(unprintable, '').replace(secrets, '***')
  return clean.length > maxEchoChars ? `${clean.slice(0, maxEchoChars - 3)}...` : clean
}
