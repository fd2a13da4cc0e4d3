import type { Override } from '../model/account-state.ts'

/** Operators' words by account id. They outlive reloads of the source, also ones in which the account is missing. */
export interface Overrides {
  of(account: string): Override | undefined
  set(account: string, override: Override | undefined): void
}

/** Words about accounts that came and went are kept up to this many; then the oldest word is dropped. */
const MAX_OVERRIDES = 10_000

export function createOverrides(): Overrides {
  const words = new Map<string, Override>()
  return {
    of: account => words.get(account),
    set(account, override) {
      words.delete(account)
      if (override === undefined) return
      words.set(account, override)
      if (words.size > MAX_OVERRIDES) words.delete(words.keys().next().value!)
    },
  }
}
