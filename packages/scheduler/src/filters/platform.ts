import type { Account } from '../model/account.ts'
import type { Filter } from './filter.ts'

/** The platform of accounts that do not say theirs. */
export const DEFAULT_PLATFORM = 'openai'

/** True for an account of another platform: never a candidate, and what was bound to it is forgotten. */
export function isForeign(account: Account): boolean {
  return account.platform !== undefined && account.platform !== DEFAULT_PLATFORM
}

/** Leaves out accounts of another platform. */
export const platformFilter: Filter = { reason: 'platform', passes: account => !isForeign(account) }
