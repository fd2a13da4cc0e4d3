import type { BindingStore } from '../ports.ts'
import { assertEqual } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'

const hourMs = 3_600_000

/** What every {@link BindingStore} promises: compare-and-set, races, life and separation of keys. */
export function bindingStoreContract(options: ContractOptions<BindingStore>): ContractCase[] {
  return [
    ...writeCases(options),
    ...raceCases(options),
    ...keyCases(options),
    ...(options.advance === undefined ? [] : lifeCases(options, options.advance)),
  ]
}

function writeCases(options: ContractOptions<BindingStore>): ContractCase[] {
  return [
    contractCase(options, 'knows nothing of a key that was never bound', async ({ store }) => {
      assertEqual(await store.get('key'), undefined, 'target')
    }),
    contractCase(options, 'overwrites with put', async ({ store, peer }) => {
      await store.put('key', 'a', hourMs)
      assertEqual(await peer.get('key'), 'a', 'target after the first put')
      await peer.put('key', 'b', hourMs)
      assertEqual(await store.get('key'), 'b', 'target after the second put')
    }),
    contractCase(
      options,
      'binds only what is free, and answers the target in force',
      async ({ store, peer }) => {
        assertEqual(await store.bindIfAbsent('key', 'a', hourMs), 'a', 'answer where nothing was bound')
        assertEqual(await peer.bindIfAbsent('key', 'b', hourMs), 'a', 'answer where a was bound')
        assertEqual(await store.get('key'), 'a', 'target')
      },
    ),
    contractCase(options, 'rebinds only what is bound as expected', async ({ store, peer }) => {
      await store.put('key', 'a', hourMs)
      assertEqual(
        await peer.rebind('key', 'x', 'b', hourMs),
        false,
        'answer where another target was expected',
      )
      assertEqual(await store.get('key'), 'a', 'target after the refused rebind')
      assertEqual(await peer.rebind('key', 'a', 'b', hourMs), true, 'answer where a was expected')
      assertEqual(await store.get('key'), 'b', 'target after the rebind')
    }),
    contractCase(options, 'rebinds nothing that is not bound', async ({ store }) => {
      assertEqual(await store.rebind('key', 'a', 'b', hourMs), false, 'answer')
      assertEqual(await store.get('key'), undefined, 'target')
    }),
    contractCase(options, 'unbinds only what is bound as expected', async ({ store, peer }) => {
      await store.put('key', 'a', hourMs)
      assertEqual(await peer.unbind('key', 'x'), false, 'answer where another target was expected')
      assertEqual(await store.get('key'), 'a', 'target after the refused unbind')
      assertEqual(await peer.unbind('key', 'a'), true, 'answer where a was expected')
      assertEqual(await store.get('key'), undefined, 'target after the unbind')
      assertEqual(await store.unbind('key', 'a'), false, 'answer where nothing is bound')
    }),
    contractCase(options, 'leaves an unbound key free to be bound again', async ({ store }) => {
      await store.put('key', 'a', hourMs)
      await store.unbind('key', 'a')
      assertEqual(await store.bindIfAbsent('key', 'b', hourMs), 'b', 'answer')
      assertEqual(await store.get('key'), 'b', 'target')
    }),
    contractCase(options, 'refreshes without changing the target, and creates nothing', async ({ store }) => {
      await store.put('key', 'a', hourMs)
      await store.refresh('key', hourMs)
      await store.refresh('other', hourMs)
      assertEqual(await store.get('key'), 'a', 'target')
      assertEqual(await store.get('other'), undefined, 'target of a key that was only refreshed')
    }),
  ]
}

const contenders = Array.from({ length: 24 }, (_, i) => `account-${i}`)

function raceCases(options: ContractOptions<BindingStore>): ContractCase[] {
  return [
    contractCase(
      options,
      'lets one of many who bind at once win, and tells all of them who',
      async ({ store, peer }) => {
        const answers = await Promise.all(
          contenders.map((target, i) => (i % 2 === 0 ? store : peer).bindIfAbsent('key', target, hourMs)),
        )
        const winner = await store.get('key')
        assertEqual([...new Set(answers)], [winner], 'answers, and the target in force')
      },
    ),
    contractCase(
      options,
      'lets one of many who rebind at once win, and tells only that one so',
      async ({ store, peer }) => {
        await store.put('key', 'old', hourMs)
        const answers = await Promise.all(
          contenders.map((target, i) => (i % 2 === 0 ? store : peer).rebind('key', 'old', target, hourMs)),
        )
        const winners = contenders.filter((_, i) => answers[i])
        assertEqual(winners, [await store.get('key')], 'winners, and the target in force')
      },
    ),
    contractCase(
      options,
      'lets a rebind and an unbind of the same target win only once',
      async ({ store, peer }) => {
        for (let round = 0; round < 8; round++) {
          const key = `key-${round}`
          await store.put(key, 'a', hourMs)
          const rebind = () => store.rebind(key, 'a', 'b', hourMs)
          const unbind = () => peer.unbind(key, 'a')
          const calls = round % 2 === 0 ? [rebind(), unbind()] : [unbind(), rebind()]
          const answers = await Promise.all(calls)
          assertEqual(answers.filter(Boolean).length, 1, 'how many of the two were told that they won')
          const rebound = round % 2 === 0 ? answers[0] : answers[1]
          assertEqual(await store.get(key), rebound ? 'b' : undefined, 'target afterwards')
        }
      },
    ),
  ]
}

function keyCases(options: ContractOptions<BindingStore>): ContractCase[] {
  const longest = 'k'.repeat(254)
  const keys = [
    ...[
      'a',
      'A',
      'a ',
      ' a',
      'a:b',
      'a:',
      ':a',
      'a*',
      'a%',
      'a_',
      "a'",
      '{a}',
      'a\\',
      'é',
      'e\u0301',
      '会话',
      '😀',
    ],
    ...['__proto__', 'constructor', `${longest}1`, `${longest}2`],
  ]
  return [
    contractCase(
      options,
      'never crosses keys, whatever they look like, up to 255 characters',
      async ({ store }) => {
        for (const [i, key] of keys.entries()) await store.put(key, `target-${i}`, hourMs)
        for (const [i, key] of keys.entries())
          assertEqual(await store.get(key), `target-${i}`, `target of ${key}`)
        assertEqual(await store.unbind(keys[0]!, 'target-0'), true, 'answer of the unbind')
        for (const [i, key] of keys.entries()) {
          assertEqual(
            await store.get(key),
            i === 0 ? undefined : `target-${i}`,
            `target of ${key} after the unbind`,
          )
        }
      },
    ),
    contractCase(options, 'gives targets back as they were written', async ({ store }) => {
      for (const target of ['0', 'null', 'Konto ä', '会话', ' padded ', "it's", '"quoted"']) {
        await store.put('key', target, hourMs)
        assertEqual(await store.get('key'), target, 'target')
      }
    }),
  ]
}

function lifeCases(
  options: ContractOptions<BindingStore>,
  advance: NonNullable<ContractOptions<BindingStore>['advance']>,
): ContractCase[] {
  return [
    contractCase(
      options,
      'ends every sort of binding with its time to live, and none before',
      async ({ store }) => {
        await store.put('put', 'a', 1_000)
        await store.bindIfAbsent('bound', 'a', 1_000)
        await store.put('rebound', 'x', hourMs)
        await store.rebind('rebound', 'x', 'a', 1_000)
        await advance(500)
        for (const key of ['put', 'bound', 'rebound'])
          assertEqual(await store.get(key), 'a', `${key} after half its life`)
        await advance(600)
        for (const key of ['put', 'bound', 'rebound'])
          assertEqual(await store.get(key), undefined, `${key} after its life`)
      },
    ),
    contractCase(options, 'prolongs a life by refresh, counted from then', async ({ store, peer }) => {
      await store.put('key', 'a', 1_000)
      await advance(700)
      await peer.refresh('key', 1_000)
      await advance(700)
      assertEqual(await store.get('key'), 'a', 'target 0.7 s after the refresh')
      await advance(400)
      assertEqual(await store.get('key'), undefined, 'target 1.1 s after the refresh')
    }),
    contractCase(options, 'prolongs nothing by reading or by binding what is bound', async ({ store }) => {
      await store.put('key', 'a', 1_000)
      await advance(700)
      await store.get('key')
      assertEqual(await store.bindIfAbsent('key', 'b', hourMs), 'a', 'answer of the second bind')
      await advance(400)
      assertEqual(await store.get('key'), undefined, 'target after the life it was given first')
    }),
    contractCase(options, 'takes a binding whose life is over for none at all', async ({ store }) => {
      for (const key of ['bound', 'rebound', 'unbound', 'refreshed']) await store.put(key, 'a', 1_000)
      await advance(1_100)
      await store.refresh('refreshed', hourMs)
      assertEqual(await store.get('refreshed'), undefined, 'target refreshed too late')
      assertEqual(await store.rebind('rebound', 'a', 'b', hourMs), false, 'answer of rebind')
      assertEqual(await store.unbind('unbound', 'a'), false, 'answer of unbind')
      assertEqual(await store.bindIfAbsent('bound', 'b', hourMs), 'b', 'answer of bindIfAbsent')
      assertEqual(await store.get('bound'), 'b', 'target bound anew')
    }),
    contractCase(options, 'gives an overwritten binding the life of the last write', async ({ store }) => {
      await store.put('shorter', 'a', hourMs)
      await store.put('shorter', 'a', 1_000)
      await store.put('longer', 'a', 1_000)
      await store.put('longer', 'a', hourMs)
      await advance(1_100)
      assertEqual(await store.get('shorter'), undefined, 'target written last for 1 s')
      assertEqual(await store.get('longer'), 'a', 'target written last for 1 h')
    }),
  ]
}
