/** Credentials of any gateway, by their shape. */
const shapes = [
  /\bsk-[A-Za-z0-9_-]{4,}/gi,
  /\beyJ[A-Za-z0-9_-]{6,}(?:\.[A-Za-z0-9_-]*){0,2}/g,
  /\bBearer\s+[^\s"',;]+/gi,
  // In a query or a form, whatever their shape.
  /(?<=[?&\s](?:api[-_]?key|key|token|sig|signature|code|password|secret)=)[^&\s"']+/gi,
]

/** Without any of these no shape can match: one look instead of four for nearly every text. */
const suspicious = /sk-|eyJ|bearer|=/i

/** Shorter ones would blank out ordinary words. */
const shortestToKnow = 8

// Of the process, because an error's message is made far from any configuration.
const knownBy = new Map<object, readonly string[]>()
let known: RegExp | undefined
let shortestKnown = Number.POSITIVE_INFINITY

/**
 * Has {@link hideCredentials} know the credentials in force, of any shape (an Azure key is plain hex): those of one
 * `owner`, in the place of what it said before. Ones shorter than 8 characters are left out. An empty list forgets.
 */
export function knowCredentials(owner: object, credentials: Iterable<string>): void {
  const texts = [...credentials].filter(text => text.length >= shortestToKnow)
  if (texts.length === 0) knownBy.delete(owner)
  else knownBy.set(owner, texts)
  // Longest first, so that one that begins with another is found whole.
  const all = [...new Set([...knownBy.values()].flat())].sort((a, b) => b.length - a.length)
  shortestKnown = all.at(-1)?.length ?? Number.POSITIVE_INFINITY
  known = all.length === 0 ? undefined : new RegExp(all.map(escaped).join('|'), 'g')
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/** Puts `***` in the place of the credentials in force alone: for texts of others, in which nothing else may change. */
export function hideKnownCredentials(text: string): string {
  return known !== undefined && text.length >= shortestKnown ? text.replace(known, '***') : text
}

/**
 * Puts `***` in the place of what looks like a credential, and of those in force. Linear: cut long texts first.
 * About 0.1 us for a short text with nothing to hide, however many credentials are known.
 */
export function hideCredentials(text: string): string {
  let clean = hideKnownCredentials(text)
  if (suspicious.test(clean)) for (const shape of shapes) clean = clean.replace(shape, '***')
  return clean
}
