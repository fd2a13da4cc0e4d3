import type { Scheduler } from '@headgate/scheduler'

type OperatorAction = Parameters<Scheduler['operate']>[1]

/**
 * What operators have said of accounts while the process runs. A scheduler knows the words it was told; this keeps
 * them for those that come later: of a pool that a reload makes anew, or that takes the account in.
 */
export interface OperatorWords {
  /** Tells all schedulers that have the account, and remembers what stays in force. */
  say(account: string, action: OperatorAction, schedulers: Iterable<Scheduler>): void
  /** Brings one scheduler's accounts in step. */
  repeat(scheduler: Scheduler): void
}

/** Creates an empty memory; it lives as long as the process. */
export function createOperatorWords(): OperatorWords {
  const words = new Map<string, 'drain' | 'disable'>()
  return {
    say(account, action, schedulers) {
      if (action === 'enable') words.delete(account)
      else if (action !== 'reset') words.set(account, action)
      for (const scheduler of schedulers) if (has(scheduler, account)) scheduler.operate(account, action)
    },
    repeat(scheduler) {
      if (words.size === 0) return
      for (const { account, override } of scheduler.accounts()) {
        const word = words.get(account)
        if (word !== undefined && word !== override) scheduler.operate(account, word)
      }
    },
  }
}

function has(scheduler: Scheduler, account: string): boolean {
  return scheduler.accounts().some(state => state.account === account)
}
