import type { Account } from '../model/account.ts'
import type { Filter } from './filter.ts'

/** The state domain of an account: its own id unless it says otherwise. */
export function stateDomain(account: Account): string {
  return account.stateDomain ?? account.id
}

/** Keeps a request with hard keys inside the domain that holds its state. */
export const domainFilter: Filter = {
  reason: 'domain',
  passes: (account, { domain }) => domain === undefined || stateDomain(account) === domain,
}
