import type { Account } from '../model/account.ts'
import type { AccountSource } from '../ports.ts'

/** Accounts given by the program itself. */
export interface MemoryAccountSource extends AccountSource {
  /**
   * Puts a new list in force and tells every subscriber. A list with a fault in it throws a TypeError and
   * changes nothing.
   */
  replace(accounts: readonly Account[]): void
}

/** Ids and orders are unique: bindings are kept under the one, and the other is the last word in every tie. */
function checked(accounts: readonly Account[]): readonly Account[] {
  const ids = new Map<string, number>()
  const orders = new Map<number, number>()
  accounts.forEach((account, place) => {
    const { id, order } = account
    if (typeof id !== 'string' || id === '') {
      throw new TypeError(
        `accounts[${place}]: id is ${JSON.stringify(id)}; it must be a text that is not empty`,
      )
    }
    if (!Number.isFinite(order)) {
      throw new TypeError(`accounts[${place}] (${id}): order is ${order}; it must be a finite number`)
    }
    const sameId = ids.get(id)
    if (sameId !== undefined) {
      throw new TypeError(
        `accounts[${place}]: id "${id}" is that of accounts[${sameId}] already; rename one of them`,
      )
    }
    const sameOrder = orders.get(order)
    if (sameOrder !== undefined) {
      throw new TypeError(
        `accounts[${place}] (${id}): order ${order} is that of accounts[${sameOrder}] already; ` +
          'ties need an order of their own, for example the place in the list',
      )
    }
    ids.set(id, place)
    orders.set(order, place)
  })
  return Object.freeze([...accounts])
}

/** An account source over a list. Throws a TypeError that names the entry when the list has a fault in it. */
export function createMemoryAccounts(accounts: readonly Account[]): MemoryAccountSource {
  let current = checked(accounts)
  let listeners: readonly ((accounts: readonly Account[]) => void)[] = []
  return {
    list: () => current,
    subscribe(listener) {
      // Wrapped, so that one function subscribed twice is two subscriptions.
      const entry = (list: readonly Account[]) => listener(list)
      listeners = [...listeners, entry]
      return () => {
        listeners = listeners.filter(other => other !== entry)
      }
    },
    replace(next) {
      current = checked(next)
      for (const listener of listeners) listener(current)
    },
  }
}
