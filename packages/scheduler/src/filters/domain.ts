import type { Account } from '../model/account.ts'

/** The state domain of an account: its own id unless it says otherwise. */
export function stateDomain(account: Account): string {
  return account.stateDomain ?? account.id
}
