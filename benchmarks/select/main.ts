/**
 * What one scheduling cycle costs: select, acquire, report, release, with the decision recorded, on profile
 * `balanced`; beside the plain object version of the same algorithm. And on `adaptive`, which learns from every report;
 * in a pool of three tiers, and in one without, where every account is as good.
 *
 *   npm run bench:select [-- --json FILE] [-- --accounts 10,100]
 *
 * Microseconds of this thread's CPU time. All run interleaved in one process, so that whatever slows the machine slows
 * them all; medians over the rounds.
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  type Account,
  adaptiveProfile,
  balancedProfile,
  createScheduler,
  type Lease,
  type Profile,
} from '@headgate/scheduler'
import {
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import { createObjectsScheduler } from './objects.ts'

const ROUNDS = 15
const MODEL = 'gpt-5.1'

const { values } = parseArgs({
  options: { json: { type: 'string' }, accounts: { type: 'string', default: '10,100,500,1000,5000,10000' } },
})

const clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}

function accountsOf(count: number, tiers = 3): Account[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `account-${i}`,
    order: i,
    priority: i % tiers,
    concurrency: 4 + (i % 3) * 4,
    models: ['gpt-5*', 'o4-mini'],
  }))
}

/** A pool in the middle of its day: a third of the slots taken, every account measured once. */
function busyScheduler(count: number, profile: Profile, tiers?: number) {
  const scheduler = createScheduler({
    profile,
    accounts: createMemoryAccounts(accountsOf(count, tiers)),
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(7),
  })
  for (let i = 0; i < count; i++)
    scheduler.report(`account-${i}`, { success: i % 17 !== 0, firstTokenMs: 300 + ((i * 37) % 900) })
  for (let i = 0; i < count * 2; i++) {
    const lease = leaseOf(scheduler)
    // What has answered is no longer looked at for being late.
    if (i % 4 > 0) lease.firstToken()
  }
  return scheduler
}

function leaseOf(scheduler: ReturnType<typeof createScheduler>): Lease {
  const selection = scheduler.select({ model: MODEL, inputTokens: 2_000 })
  if (selection instanceof Promise || selection.kind !== 'selected')
    throw new Error('the pool has no free slot')
  return selection.lease
}

function measure(cycles: number, cycle: (i: number) => void): number {
  const before = process.threadCpuUsage()
  for (let i = 0; i < cycles; i++) cycle(i)
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / cycles
}

const median = (samples: number[]): number => samples.toSorted((a, b) => a - b)[samples.length >> 1]!

function bench(count: number) {
  const scheduler = busyScheduler(count, balancedProfile())
  const ours = (i: number): void => {
    const lease = leaseOf(scheduler)
    // The report by way of the reference's surface has an explicit first-token time; settle would read the clock.
    scheduler.report(lease.account.id, { success: true, firstTokenMs: 300 + ((i * 131) % 900) })
    lease[Symbol.dispose]()
  }
  const ok = { outcome: { kind: 'ok' } } as const
  const learnsIn = (scheduler: ReturnType<typeof createScheduler>) => () => {
    const lease = leaseOf(scheduler)
    lease.firstToken()
    lease.settle(ok)
  }
  const tiered = learnsIn(busyScheduler(count, adaptiveProfile()))
  const flat = learnsIn(busyScheduler(count, adaptiveProfile(), 1))
  const random = createSeededRandom(7)
  const bits = new Uint32Array(2)
  const objects = createObjectsScheduler(accountsOf(count), () => {
    random.next64(bits)
    return (BigInt(bits[1]!) << 32n) | BigInt(bits[0]!)
  })
  const plain = (i: number): void => void objects.cycle(MODEL, 300 + ((i * 131) % 900))

  const oursPer = Math.max(2000, 200_000 / Math.sqrt(count)) | 0
  const plainPer = Math.max(20, 20_000 / count) | 0
  measure(oursPer * 3, ours)
  measure(oursPer, tiered)
  measure(oursPer, flat)
  measure(plainPer * 3, plain)
  const micros = {
    ours: [] as number[],
    tiered: [] as number[],
    flat: [] as number[],
    objects: [] as number[],
  }
  for (let round = 0; round < ROUNDS; round++) {
    micros.ours.push(measure(oursPer, ours))
    micros.tiered.push(measure(oursPer / 2, tiered))
    micros.flat.push(measure(oursPer / 2, flat))
    micros.objects.push(measure(plainPer, plain))
  }
  return {
    accounts: count,
    cycleMicros: median(micros.ours),
    adaptiveMicros: median(micros.flat),
    adaptiveTieredMicros: median(micros.tiered),
    objectsMicros: median(micros.objects),
    spread: [Math.min(...micros.ours), Math.max(...micros.ours)] as const,
  }
}

const results = values.accounts.split(',').map(text => bench(Number(text)))
console.log('accounts   balanced us (min-max)    adaptive us (in tiers)   objects us    ratio')
for (const result of results) {
  const { accounts, cycleMicros, adaptiveMicros, adaptiveTieredMicros, objectsMicros, spread } = result
  const range = `${cycleMicros.toFixed(2)} (${spread[0].toFixed(2)}-${spread[1].toFixed(2)})`
  const adaptive = `${adaptiveMicros.toFixed(2)} (${adaptiveTieredMicros.toFixed(2)})`
  const ratio = `${(objectsMicros / cycleMicros).toFixed(1)}x`
  console.log(
    `${String(accounts).padStart(8)}   ${range.padEnd(24)} ${adaptive.padEnd(20)} ${objectsMicros.toFixed(1).padStart(14)} ${ratio.padStart(8)}`,
  )
}
if (values.json !== undefined) {
  // Relative to where the command was called, which under npm is not where it runs.
  const file = resolve(process.env['INIT_CWD'] ?? '.', values.json)
  const rows = results.map(({ spread: _, ...figures }) => figures)
  writeFileSync(file, `${JSON.stringify({ results: rows }, null, 2)}\n`)
}
