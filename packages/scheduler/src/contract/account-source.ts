import type { Account } from '../model/account.ts'
import type { AccountSource, MaybePromise } from '../ports.ts'
import { assertEqual, assertThat } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'

/** Options of {@link accountSourceContract}. */
export interface AccountSourceContractOptions extends ContractOptions<AccountSource> {
  /** Changes what the source is fed from (a list, a file, a table) to these accounts. */
  replace(source: AccountSource, accounts: readonly Account[]): MaybePromise<void>
}

const first: readonly Account[] = [
  { id: 'a', order: 1, type: 'apikey', priority: 1, concurrency: 4, models: ['gpt-5.1'] },
  { id: 'b', order: 2, type: 'apikey', priority: 2, concurrency: 8 },
]
const second: readonly Account[] = [
  { id: 'b', order: 2, type: 'apikey', priority: 0, concurrency: 8, status: 'draining' },
  { id: 'c', order: 3, type: 'apikey', priority: 1, concurrency: 1 },
]

const ids = (accounts: readonly Account[]) => accounts.map(account => account.id).sort()

/** What every {@link AccountSource} promises: a whole list always, and word of each change. */
export function accountSourceContract(options: AccountSourceContractOptions): ContractCase[] {
  const { replace } = options
  return [
    contractCase(options, 'lists the accounts with what was said of them', async ({ store, eventually }) => {
      await replace(store, first)
      await eventually(() => assertEqual(ids(store.list()), ['a', 'b'], 'ids listed'))
      const account = store.list().find(({ id }) => id === 'a')
      assertThat(
        account?.order === 1 && account.priority === 1 && account.concurrency === 4,
        'order, priority and concurrency are those given',
        account,
      )
    }),
    contractCase(
      options,
      'calls back with the whole new list after a change',
      async ({ store, eventually }) => {
        await replace(store, first)
        const heard: (readonly Account[])[] = []
        const listed: string[][] = []
        const unsubscribe = store.subscribe(accounts => {
          heard.push(accounts)
          listed.push(ids(store.list()))
        })
        await replace(store, second)
        await eventually(() => assertEqual(ids(heard.at(-1) ?? []), ['b', 'c'], 'ids called back with'))
        assertEqual(heard.at(-1)?.find(({ id }) => id === 'b')?.status, 'draining', 'what changed of b')
        assertEqual(listed.at(-1), ['b', 'c'], 'ids listed at the time of the call')
        unsubscribe()
      },
    ),
    contractCase(options, 'leaves a list handed out before as it was', async ({ store, eventually }) => {
      await replace(store, first)
      await eventually(() => assertEqual(ids(store.list()), ['a', 'b'], 'ids listed'))
      const before = store.list()
      await replace(store, second)
      await eventually(() => assertEqual(ids(store.list()), ['b', 'c'], 'ids listed after the change'))
      assertEqual(ids(before), ['a', 'b'], 'ids of the earlier list')
    }),
    contractCase(
      options,
      'tells nothing to those who unsubscribed, and goes on telling the rest',
      async bench => {
        const { store, eventually, quiet } = bench
        let told = 0
        const heard: string[][] = []
        const unsubscribe = store.subscribe(() => {
          told++
        })
        store.subscribe(accounts => heard.push(ids(accounts)))
        unsubscribe()
        unsubscribe()
        await replace(store, second)
        await eventually(() => assertEqual(heard.at(-1), ['b', 'c'], 'ids told to the one who stayed'))
        await quiet()
        assertEqual(told, 0, 'calls to the one who left')
      },
    ),
  ]
}
