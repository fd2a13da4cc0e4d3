// The scheduler in one process, without a gateway: three accounts, a ranker of one's own, an explanation.
import { balancedProfile, type Clock, createScheduler, explain, type Ranker } from '@headgate/scheduler'
import {
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'

const pricePerCall: Readonly<Record<string, number>> = { plan: 0, reserved: 1, onDemand: 4 }

const cheapness = (account: string): number => 1 / (1 + (pricePerCall[account] ?? 10))
const room = (loadRate: number): number => Math.max(0, 1 - loadRate / 100) / 10

/** Cheap first; among equals the emptier. The score is the sum of the terms, left to right. */
const cheapest: Ranker = {
  name: 'cheapest',
  termNames: ['cheapness', 'room'],
  rank(_request, indices, n, columns, _scratch, out) {
    for (let i = 0; i < n; i++) {
      const row = indices[i]!
      out[i] = cheapness(columns.ids[row]!) + room(columns.loadRate[row]!)
    }
  },
  terms: ({ account, loadRate }) => [cheapness(account), room(loadRate)],
}

const clock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

const scheduler = createScheduler({
  profile: { ...balancedProfile({ topK: 1 }), name: 'cheapest', ranker: cheapest },
  accounts: createMemoryAccounts([
    { id: 'plan', order: 0, concurrency: 1 },
    { id: 'reserved', order: 1, concurrency: 2 },
    { id: 'onDemand', order: 2 },
  ]),
  slots: createMemorySlots(),
  bindings: createMemoryBindings({ clock }),
  clock,
  random: createSeededRandom(7),
})

async function answer(question: string): Promise<void> {
  // A slot is held until the end of the block, whatever happens in it.
  using lease = await scheduler.acquire({ model: 'gpt-5.1' })
  console.log(`${question} -> ${lease.account.id}`)
  // Call the upstream here, and `lease.firstToken()` at its first token.
  await new Promise(resolve => setTimeout(resolve, 5))
  lease.settle({ outcome: { kind: 'ok' } })
}

await Promise.all([answer('first'), answer('second'), answer('third'), answer('fourth')])

const [newest] = scheduler.decisions(1)
const { sentences, columns, rows } = explain(newest!)
console.log(sentences.join('\n'))
for (const row of [columns, ...rows]) console.log(row.map(cell => String(cell).padEnd(10)).join(''))
scheduler.close()
