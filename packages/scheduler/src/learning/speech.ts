/**
 * Whether whoever uses the scheduler tells of first tokens at all. One that only settles its leases leaves them all silent, and
 * silence is the earliest sign of a brown-out (see `InFlight`): every account would look sick whenever its answers are
 * long.
 */
export interface Speech {
  /** True until most of the last answers ended well without a first token. */
  readonly isTold: boolean
  /** An answer that does not come whole: its first token, or its end without one. */
  heard(told: boolean): void
}

/** Of the newest answer: some twenty count. */
const WEIGHT = 0.05

/** Trusts that first tokens are told, until they are not. */
export function createSpeech(): Speech {
  let share = 1
  return {
    get isTold() {
      return share > 0.5
    },
    heard(told) {
      share += WEIGHT * ((told ? 1 : 0) - share)
    },
  }
}
