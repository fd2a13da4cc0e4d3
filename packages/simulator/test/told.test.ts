import { balancedProfile, type Profile, weightedRandom } from '@headgate/scheduler'
import { describe, expect, it } from 'vitest'
import type { Policy, SimulatedRequest } from '../src/policies/policy.ts'
import { simulate } from '../src/run/simulate.ts'
import { buildWorld } from '../src/scenario/build.ts'
import { noTraces } from './no-traces.ts'

const world = buildWorld(
  { name: 'told', durationSeconds: 200, accounts: { count: 5 }, workload: { kind: 'agents', load: 1 } },
  2,
  noTraces,
)

/** The same with token limits that are reached. */
const tight = {
  ...world,
  accounts: world.accounts.map(account => ({
    ...account,
    tokensPerMinute: account.tokensPerMinute / 20,
  })),
}

function policyOf(profile: Profile, fingerprint = true): Policy {
  return { name: profile.name, fingerprint, create: () => ({ profile }) }
}

/** The balanced profile without its session layer, and all that its ranker saw. */
function watching() {
  const seen: { requests: SimulatedRequest[]; ttftMs: number[] } = { requests: [], ttftMs: [] }
  const balanced = balancedProfile()
  const profile: Profile = {
    ...balanced,
    affinity: [],
    picker: weightedRandom(3),
    ranker: {
      name: 'watching',
      termNames: [],
      rank(request, rows, n, columns, _scratch, out) {
        seen.requests.push(request as SimulatedRequest)
        for (let i = 0; i < n; i++) {
          out[i] = 0
          seen.ttftMs.push(columns.ttftMs[rows[i]!]!)
        }
      },
      terms: () => [],
    },
  }
  return { profile, seen }
}

describe('the scheduler is told what a gateway would tell it', () => {
  it('the time to first token of those that were served', async () => {
    const { profile, seen } = watching()
    await simulate(world, policyOf(profile))
    const known = seen.ttftMs.filter(ms => !Number.isNaN(ms))
    expect(known.length / seen.ttftMs.length).toBeGreaterThan(0.9)
    expect(Math.min(...known)).toBeGreaterThan(100)
  })

  it('tokens, and the hashes of the prompt, which grow with the session', async () => {
    const { profile, seen } = watching()
    await simulate(world, policyOf(profile))
    for (const { estimatedTokens, inputTokens, prefix } of seen.requests.slice(0, 500)) {
      expect(estimatedTokens!).toBeGreaterThan(inputTokens)
      expect(prefix).toHaveLength(Math.floor(inputTokens / 512))
    }
  })

  it('a session key of four in five, and of the others only where there are fingerprints', async () => {
    const keyed = async (fingerprint: boolean) => {
      const { profile, seen } = watching()
      await simulate(world, policyOf(profile, fingerprint))
      return seen.requests.filter(({ session }) => session !== undefined).length / seen.requests.length
    }
    expect(await keyed(true)).toBe(1)
    expect(await keyed(false)).toBeGreaterThan(0.6)
    expect(await keyed(false)).toBeLessThan(0.95)
  })

  it('what is left of token limits: who heeds them is not refused', async () => {
    const refused = async (limits: 'respect' | 'ignore') => {
      const { records } = await simulate(tight, policyOf({ ...balancedProfile(), limits }))
      return records.attempts.ok.filter(ok => !ok).length
    }
    const [heeding, blind] = [await refused('respect'), await refused('ignore')]
    expect(blind).toBeGreaterThan(50)
    expect(heeding).toBe(0)
  })
})

describe('a policy may be run without', () => {
  const run = (untold: Policy['untold']) => {
    const { profile, seen } = watching()
    const { name, fingerprint, create } = policyOf(profile)
    return simulate(world, { name, fingerprint, create, ...(untold === undefined ? {} : { untold }) }).then(
      () => seen,
    )
  }

  it('sizes of prompts', async () => {
    const { requests } = await run(['sizes'])
    expect(requests.filter(request => 'inputTokens' in request || 'estimatedTokens' in request)).toEqual([])
  })

  it('first tokens', async () => {
    expect((await run(['ttft'])).ttftMs.filter(ms => !Number.isNaN(ms))).toEqual([])
  })

  it('limits: then it is refused where it would have heeded them', async () => {
    const refusals = async (untold: Policy['untold']) => {
      const policy = { ...policyOf(balancedProfile()), ...(untold === undefined ? {} : { untold }) }
      const { records } = await simulate(tight, policy)
      return records.attempts.ok.filter(ok => !ok).length
    }
    expect(await refusals(undefined)).toBe(0)
    expect(await refusals(['limits'])).toBeGreaterThan(0)
  })
})
