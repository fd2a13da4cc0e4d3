import { describe, expect, it } from 'vitest'
import { measure } from '../src/measure/measures.ts'
import { ABLATIONS, POLICIES, policyNamed } from '../src/policies/catalogue.ts'
import type { Policy } from '../src/policies/policy.ts'
import { simulate } from '../src/run/simulate.ts'
import type { World } from '../src/run/world.ts'
import { buildWorld } from '../src/scenario/build.ts'
import type { Scenario } from '../src/scenario/scenario.ts'
import { noTraces } from './no-traces.ts'

const rough: Scenario = {
  name: 'rough',
  durationSeconds: 120,
  accounts: { count: 6 },
  workload: { kind: 'agents', load: 1.6 },
  backgroundErrors: 0.02,
  incidents: [
    { kind: 'brown_out', fromSeconds: 40, forSeconds: 40, accounts: 1 },
    { kind: 'dead', fromSeconds: 50, forSeconds: 30, accounts: 1 },
    { kind: 'quota', fromSeconds: 0, forSeconds: 120, accounts: 1, tokens: 200_000 },
  ],
}

const worldOf = (scenario: Scenario, seed = 3): World => buildWorld(scenario, seed, noTraces)

describe('a run', () => {
  it.each([...POLICIES, ...ABLATIONS].map(({ name }) => name))(
    'of %s ends every request once, and every slot comes back',
    async name => {
      const world = worldOf(rough)
      const { records } = await simulate(world, policyNamed(name))
      const { served, attempts, account, arrivedMs } = records.requests
      expect(served.length).toBeGreaterThan(200)
      for (let row = 0; row < served.length; row++) {
        expect(account[row]! >= 0).toBe(served[row])
        expect(attempts[row]!).toBeLessThanOrEqual(4)
      }
      expect(new Set(arrivedMs).size).toBe(arrivedMs.length)
      const succeeded = records.attempts.ok.filter(ok => ok).length
      const answered = served.filter(ok => ok).length
      // A hedge makes two attempts of one answer, within its budget.
      const { hedgeBudget = 0 } = policyNamed(name)
      expect(succeeded).toBeGreaterThanOrEqual(answered)
      expect(succeeded - answered).toBeLessThanOrEqual(Math.ceil(hedgeBudget) + hedgeBudget * served.length)
    },
  )

  it('gives the same records for the same seed, and others for another', async () => {
    const run = async (seed: number) =>
      JSON.stringify((await simulate(worldOf(rough, seed), policyNamed('balanced'))).records)
    const first = await run(7)
    expect(await run(7)).toBe(first)
    expect(await run(8)).not.toBe(first)
  })

  it('is not changed by being timed', async () => {
    let micros = 0
    const stopwatch = { nowMicros: () => micros++ }
    const plain = await simulate(worldOf(rough), policyNamed('llm-d'))
    const timed = await simulate(worldOf(rough), policyNamed('llm-d'), { stopwatch })
    expect(timed.records).toEqual(plain.records)
    expect(timed.selectMicros).toBe(1)
  })

  it('spreads requests over its gateways as a balancer does that knows no sessions', async () => {
    const asked: number[] = []
    const counted: Policy = {
      ...policyNamed('random'),
      create(policyWorld) {
        const gateway = asked.push(0) - 1
        const { profile } = policyNamed('random').create(policyWorld)
        return { profile, observer: { granted: () => asked[gateway]!++ } }
      },
    }
    const { records } = await simulate(worldOf({ ...rough, gateways: { count: 4 } }), counted)
    const all = records.attempts.ok.length
    expect(asked).toHaveLength(4)
    for (const count of asked) expect(Math.abs(count / all - 0.25)).toBeLessThan(0.05)
  })

  it('with stale loads sends more to accounts that are busier than others, and never a slot too many, which would end it', async () => {
    const pool: Scenario = {
      ...{ name: 'pool', durationSeconds: 120, accounts: { count: 12, slots: [8] } },
      workload: { kind: 'agents', load: 0.7 },
    }
    /** How many more slots were in use at the accounts chosen than at the idlest, on average. */
    const excess = async (gateways: Scenario['gateways']) => {
      const inUse = new Array<number>(12).fill(0)
      const excesses: number[] = []
      const watched: Policy = {
        ...policyNamed('least-loaded'),
        create(policyWorld) {
          const { profile } = policyNamed('least-loaded').create(policyWorld)
          const granted = (account: number) => {
            excesses.push(inUse[account]! - Math.min(...inUse))
            inUse[account]!++
          }
          const ended = (account: number) => {
            inUse[account]!--
          }
          return { profile, observer: { granted, ended } }
        },
      }
      await simulate(worldOf({ ...pool, gateways: gateways! }), watched)
      expect(excesses.length).toBeGreaterThan(200)
      return excesses.reduce((sum, each) => sum + each, 0) / excesses.length
    }
    expect(await excess({ count: 4 })).toBeLessThan(0.05)
    expect(await excess({ count: 4, staleSeconds: 3 })).toBeGreaterThan(0.2)
  })

  it('tells how tenants and tiers fared, each by itself', async () => {
    const tenants = [
      { name: 'modest', share: 0.3 },
      { name: 'greedy', share: 0.7 },
    ]
    const scenario = {
      ...rough,
      accounts: { count: 6, tiers: [0.5, 1] },
      workload: { ...rough.workload, tenants },
    }
    const { groups, failPercent, requests } = measure(
      await simulate(worldOf(scenario), policyNamed('balanced')),
    )
    expect(groups.map(({ group }) => group)).toEqual(['tenant modest', 'tenant greedy', 'tier 0', 'tier 1'])
    const [modest, greedy, first, second] = groups
    expect(modest!.sharePercent + greedy!.sharePercent).toBeCloseTo(100)
    expect(first!.sharePercent + second!.sharePercent).toBeCloseTo(100)
    const failed = (group: typeof modest) => (group!.failPercent! * group!.sharePercent) / 100
    expect(failed(modest) + failed(greedy)).toBeCloseTo(failPercent!)
    expect(requests).toBeGreaterThan(200)
    expect(measure(await simulate(worldOf(rough), policyNamed('balanced'))).groups).toEqual([])
  })

  it('goes on when gateways are started anew: what waited is turned away, what runs ends', async () => {
    const before = await simulate(worldOf(rough), policyNamed('balanced'))
    const after = await simulate(
      worldOf({ ...rough, gateways: { restartsAtSeconds: [60] } }),
      policyNamed('balanced'),
    )
    expect(after.records.requests.served.length).toBeGreaterThan(200)
    const early = ({ records }: typeof before) => records.attempts.atMs.filter(at => at < 60_000)
    expect(early(after)).toEqual(early(before))
    expect(after.records.attempts).not.toEqual(before.records.attempts)
  })

  it('tries four accounts and no more', async () => {
    const { records } = await simulate(worldOf({ ...rough, backgroundErrors: 0.8 }), policyNamed('random'))
    const { attempts, served } = records.requests
    expect(Math.max(...attempts)).toBe(4)
    for (const [row, count] of attempts.entries()) if (!served[row]) expect(count).toBe(4)
  })
})
