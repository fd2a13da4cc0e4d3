import type { ResponseDraft, ResponseState } from './endpoints/response-object.ts'
import type { PromptContext } from './prompt-cache.ts'

/** One response as its account remembers it. */
export interface StoredResponse {
  /** What its object is made from when somebody asks; an object for each would cost more than the request. */
  readonly draft: ResponseDraft
  /** How far it has come; replaced as it goes from `in_progress` to its end. */
  state: ResponseState
  /** Where the conversation stands after this response. */
  readonly context: PromptContext
  /** Characters held, for the bound. */
  readonly size: number
  /** What there is of it while it runs; null from its end on, because it holds on to the request. */
  live?: LiveResponse | null
  /** Stops a background response that still runs; absent otherwise. */
  cancel?: () => void
}

/** A response that runs, as streams that follow it need it. */
export interface LiveResponse {
  readonly firstTokenAtMs: number
  /** 0: all tokens leave with the first. */
  readonly tokensPerSecond: number
  /** End the streams that follow it. */
  readonly followers: Set<() => void>
  /** Ends the response: the first end counts. Returns the state in force. */
  settle(state: ResponseState): ResponseState
}

/** Bounds of {@link StoredResponses}; the count may be passed by a tenth, so that forgetting is done in batches. */
export interface StoredResponseLimits {
  readonly count: number
  readonly characters: number
}

/** The responses one account knows by id; the least recently used are forgotten first, by count and by size. */
export class StoredResponses {
  readonly #limits: StoredResponseLimits
  readonly #byId = new Map<string, StoredResponse>()
  #characters = 0

  constructor(limits: StoredResponseLimits) {
    this.#limits = limits
  }

  get size(): number {
    return this.#byId.size
  }

  put(stored: StoredResponse): void {
    this.#byId.set(stored.draft.id, stored)
    this.#characters += stored.size
    const { count, characters } = this.#limits
    if (this.#byId.size <= count + Math.floor(count / 10) && this.#characters <= characters) return
    // Each walk begins by passing over what earlier ones deleted, which makes forgetting one by one slow.
    for (const id of this.#byId.keys()) {
      const within = this.#byId.size <= count && this.#characters <= characters
      if (within || id === stored.draft.id) return
      this.delete(id)
    }
  }

  /** Finds a response and marks it as used. */
  get(id: string): StoredResponse | undefined {
    const stored = this.#byId.get(id)
    if (stored !== undefined) {
      this.#byId.delete(id)
      this.#byId.set(id, stored)
    }
    return stored
  }

  delete(id: string): boolean {
    const stored = this.#byId.get(id)
    if (stored === undefined) return false
    this.#characters -= stored.size
    stop(stored)
    return this.#byId.delete(id)
  }

  clear(): void {
    for (const stored of this.#byId.values()) stop(stored)
    this.#byId.clear()
    this.#characters = 0
  }
}

function stop(stored: StoredResponse): void {
  stored.cancel?.()
  for (const endStream of stored.live?.followers ?? []) endStream()
}
