import { Counter, type Registry } from 'prom-client'
import type { AccountChange } from './account-change.ts'
import { LabelCache } from './label-cache.ts'

/** The count of changes of accounts' states. */
export interface AccountMetrics {
  observe(change: AccountChange): void
  retain(accountIds: ReadonlySet<string>): void
}

/** Counts every change; what state an account is in now is `headgate_account_state`. */
export function createAccountMetrics(registry: Registry): AccountMetrics {
  const changes = new Counter({
    name: 'headgate_account_events_total',
    help: 'Changes of an account to a state, and why.',
    labelNames: ['pool', 'account', 'to', 'reason'],
    registers: [registry],
  })
  const changesOf = new LabelCache(labels => changes.labels(...labels))
  return {
    observe: ({ pool, account, to, reason }) => changesOf.get(pool, account, to, reason ?? '').inc(),
    retain(accountIds) {
      const gone = ([, account]: readonly string[]): boolean => !accountIds.has(account!)
      for (const labels of changesOf.drop(gone)) changes.remove(...labels)
    },
  }
}
