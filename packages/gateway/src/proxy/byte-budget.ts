/** Bounds the bytes that all requests together keep in memory. */
export interface ByteBudget {
  /** Takes `bytes` if they still fit. */
  tryTake(bytes: number): boolean
  give(bytes: number): void
  readonly used: number
}

/** A budget of `limitBytes`. */
export function createByteBudget(limitBytes: number): ByteBudget {
  let used = 0
  return {
    tryTake(bytes) {
      if (used + bytes > limitBytes) return false
      used += bytes
      return true
    },
    give(bytes) {
      used -= bytes
    },
    get used() {
      return used
    },
  }
}
