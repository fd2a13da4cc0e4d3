/** What of a recorded request tells whose turn it is. */
export interface Turning {
  readonly tenant: string
  /** Its session key; `''` where it has none. */
  readonly session: string
  /** The hard key of the response or conversation that it continues. */
  readonly continues: string | undefined
  /** That of the response that came of it. */
  readonly told: string | undefined
}

/** Requests that are the turns of one conversation, in the order in which they came. */
export interface Conversation<T> {
  readonly turns: readonly T[]
  /** Its turns continue what an account stores, which alone can serve them. */
  readonly isStored: boolean
}

/** Requests, put together to conversations. */
export interface Conversations<T> {
  /** In the order of their first turns. */
  readonly all: readonly Conversation<T>[]
  /** Requests that continue a response which no request before them told. */
  readonly unlinked: number
}

/**
 * Puts requests, sorted by arrival, together to conversations: by their session key, else by the conversation they name,
 * else by the response they continue, which a turn before was told.
 */
export function conversationsOf<T extends Turning>(requests: readonly T[]): Conversations<T> {
  const groups = new Map<string, T[]>()
  const groupOf = new Map<string, string>()
  let unlinked = 0

  function keyOf({ tenant, session, continues }: T, place: number): string {
    if (session !== '') return `${tenant} session ${session}`
    if (continues === undefined) return `${place}`
    const known = groupOf.get(`${tenant} ${continues}`)
    if (known === undefined && isResponse(continues)) unlinked++
    return known ?? `${tenant} ${continues}`
  }

  for (const [place, request] of requests.entries()) {
    const key = keyOf(request, place)
    const { tenant, continues, told } = request
    if (continues !== undefined) groupOf.set(`${tenant} ${continues}`, key)
    if (told !== undefined) groupOf.set(`${tenant} ${told}`, key)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [request])
    else group.push(request)
  }
  const all = Array.from(groups.values(), turns => ({
    turns,
    isStored: turns.some(({ continues }) => continues !== undefined),
  }))
  return { all, unlinked }
}

/** What a request continues, of the hard keys it was asked with: that comes first, if there is such. */
export function continuedBy([first]: readonly string[]): string | undefined {
  return first !== undefined && (isResponse(first) || first.startsWith('conversation:')) ? first : undefined
}

function isResponse(key: string): boolean {
  return key.startsWith('response:')
}
