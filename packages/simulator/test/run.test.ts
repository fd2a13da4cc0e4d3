import { describe, expect, it } from 'vitest'
import { POLICIES, policyNamed } from '../src/policies/catalogue.ts'
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
  it.each(POLICIES.map(({ name }) => name))(
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
      expect(succeeded).toBe(served.filter(ok => ok).length)
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

  it('with several gateways and stale loads never takes a slot too many', async () => {
    const world = worldOf({ ...rough, gateways: { count: 4, staleSeconds: 3 } })
    await simulate(world, policyNamed('classic'))
  })
})
