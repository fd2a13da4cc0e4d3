import type { HealthNotice, HealthStore, MaybePromise } from '../ports.ts'
import { assertEqual } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'

/** Options of {@link healthStoreContract}: without another participant there is nobody to tell. */
export interface HealthStoreContractOptions extends ContractOptions<HealthStore> {
  peer(store: HealthStore): MaybePromise<HealthStore>
}

const notices: readonly HealthNotice[] = [
  { kind: 'cool_down', account: 'a', reason: 'rate_limited', untilMs: 1_767_225_660_000 },
  { kind: 'cool_down', account: 'a', reason: 'rate_limited', untilMs: 1_767_225_661_000, model: 'gpt-5.1' },
  { kind: 'ejected', account: 'b', untilMs: 1_767_225_605_000, times: 2 },
  { kind: 'recovered', account: 'b' },
  { kind: 'cool_down', account: 'c', reason: 'auth_broken', untilMs: 1_767_226_200_000, probe: true },
  {
    kind: 'limits',
    account: 'c',
    model: 'gpt-5.1',
    requests: { limit: 500, remaining: 0, resetAtMs: 1_767_225_660_000 },
    tokens: { remaining: 12_345.5, resetAtMs: 1_767_225_606_250 },
  },
]

/** What every {@link HealthStore} promises: others hear everything in order, nobody hears themselves. */
export function healthStoreContract(options: HealthStoreContractOptions): ContractCase[] {
  return [
    contractCase(
      options,
      'delivers every notice to the others, whole and in order',
      async ({ store, peer, eventually }) => {
        const heard: HealthNotice[] = []
        peer.subscribe(notice => heard.push(notice))
        for (const notice of notices) await store.publish(notice)
        await eventually(() => assertEqual(heard, notices, 'notices heard'))
      },
    ),
    contractCase(options, 'delivers in both directions', async ({ store, peer, eventually }) => {
      const heard: HealthNotice[] = []
      store.subscribe(notice => heard.push(notice))
      await peer.publish(notices[0]!)
      await eventually(() => assertEqual(heard, [notices[0]], 'notices heard'))
    }),
    contractCase(options, 'never delivers what was published at the same end', async ({ store, quiet }) => {
      const heard: HealthNotice[] = []
      store.subscribe(notice => heard.push(notice))
      for (const notice of notices) await store.publish(notice)
      await quiet()
      assertEqual(heard, [], 'notices heard')
    }),
    contractCase(
      options,
      'tells nothing to those who unsubscribed, and goes on telling the rest',
      async bench => {
        const { store, peer, eventually, quiet } = bench
        const left: HealthNotice[] = []
        const stayed: HealthNotice[] = []
        const unsubscribe = peer.subscribe(notice => left.push(notice))
        peer.subscribe(notice => stayed.push(notice))
        unsubscribe()
        unsubscribe()
        await store.publish(notices[0]!)
        await eventually(() => assertEqual(stayed, [notices[0]], 'notices heard by the one who stayed'))
        await quiet()
        assertEqual(left, [], 'notices heard by the one who left')
      },
    ),
  ]
}
