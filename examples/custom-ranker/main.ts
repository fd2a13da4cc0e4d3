// A ranker of one's own: the account that answers soonest, and none that fails often. Time is a manual clock.
import { balancedProfile, createScheduler, explain, type Ranker } from '@headgate/scheduler'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'

// An account nobody has tried yet counts as quick, so that somebody does.
const speed = (ttftMs: number): number => 1 / (1 + (Number.isNaN(ttftMs) ? 0 : ttftMs) / 1000)
const soundness = (errorRate: number): number => -2 * errorRate

/** The score is the sum of the terms, left to right; `terms` computes them again from a decision's record. */
const swift: Ranker = {
  name: 'swift',
  termNames: ['speed', 'soundness'],
  rank(_request, indices, n, { ttftMs, errorRate }, _scratch, out) {
    for (let i = 0; i < n; i++) {
      const row = indices[i]!
      out[i] = speed(ttftMs[row]!) + soundness(errorRate[row]!)
    }
  },
  terms: ({ ttftMs = Number.NaN, errorRate }) => [speed(ttftMs), soundness(errorRate)],
}

const clock = createManualClock()
const scheduler = createScheduler({
  // Everything else stays as in `balanced`: filters, sessions, the queue. topK 1 takes the best without a draw.
  profile: { ...balancedProfile({ topK: 1 }), name: 'swift', ranker: swift },
  accounts: createMemoryAccounts(
    ['near', 'far', 'flaky'].map((id, order) => ({ id, order, concurrency: 4 })),
  ),
  slots: createMemorySlots(),
  bindings: createMemoryBindings({ clock }),
  clock,
  random: createSeededRandom(7),
})

const firstTokenMs = { near: 200, far: 900, flaky: 100 } as Readonly<Record<string, number>>

for (let call = 1; call <= 6; call++) {
  using lease = await scheduler.acquire({ model: 'gpt-5.1' })
  const { id } = lease.account
  clock.advance(firstTokenMs[id]!)
  lease.firstToken()
  lease.settle({ outcome: { kind: id === 'flaky' ? 'server_error' : 'ok' } })
  console.log(`call ${call}: ${id}`)
}

const { columns, rows } = explain(scheduler.decisions(1)[0]!)
for (const row of [columns, ...rows]) console.log(row.slice(0, 4).join('  '))
scheduler.close()
