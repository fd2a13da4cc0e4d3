/** A reply, cut into tokens. `text` is their concatenation. */
export interface Reply {
  readonly text: string
  readonly tokens: readonly string[]
  /** The client's token limit cut it short. */
  readonly truncated: boolean
}

/** What a reply is made from. */
export interface ReplyRequest {
  readonly accountName: string
  readonly turn: number
  readonly userText: string
  /** Exact length wanted by the account's profile. */
  readonly outputTokens: number | undefined
  /** Limit asked for by the client. */
  readonly maxTokens: number | undefined
}

const ECHO_CHARACTERS = 200
const TOKEN = /\s*\S{1,16}/gu
const FILLER =
  ' The quick brown fox jumps over the lazy dog, and then it does it once more for good measure.'.match(
    /\s\S+/g,
  )!

/**
 * The deterministic answer: which account speaks, which turn of the conversation this is, and what the user said last
 * (at most 200 characters), so that people and tests see continuity; then filler up to the length asked for.
 */
export function composeReply(request: ReplyRequest): Reply {
  const { accountName, turn, userText, outputTokens, maxTokens } = request
  const echo = userText.length > ECHO_CHARACTERS ? `${userText.slice(0, ECHO_CHARACTERS)}...` : userText
  const sentence = `This is ${accountName}, turn ${turn}. You said: ${echo.trim() || '(nothing)'}`
  const tokens: string[] = splitTokens(sentence)
  const wanted = outputTokens ?? tokens.length
  const length = Math.min(wanted, maxTokens ?? wanted)
  for (let index = 0; tokens.length < length; index++) tokens.push(FILLER[index % FILLER.length]!)
  tokens.length = length
  return { text: tokens.join(''), tokens, truncated: length < wanted }
}

/** The tokens of a text; of a reply, those it was made of. */
export function splitTokens(text: string): string[] {
  return text.match(TOKEN) ?? []
}
