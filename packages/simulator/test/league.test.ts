import { describe, expect, it } from 'vitest'
import { createJobRunner, type Job } from '../src/league/job.ts'
import { leagueRow, overallRows } from '../src/league/rows.ts'
import { groupTable, leagueTable } from '../src/league/table.ts'
import { type Measures, measure } from '../src/measure/measures.ts'
import { quantiles } from '../src/measure/percentile.ts'
import { createRecords } from '../src/measure/records.ts'
import { runJobs } from '../src/node/run-jobs.ts'
import { reportHtml } from '../src/report/html.ts'
import type { RunResult, World } from '../src/run/world.ts'
import { LEAGUE } from '../src/scenario/league.ts'
import type { Scenario } from '../src/scenario/scenario.ts'
import { noTraces } from './no-traces.ts'

const small: Scenario = {
  name: 'small & <calm>',
  durationSeconds: 30,
  accounts: { count: 4 },
  workload: { kind: 'agents', load: 0.7 },
  incidents: [{ kind: 'dead', fromSeconds: 5, forSeconds: 10, accounts: 1 }],
}
const jobs: Job[] = ['classic', 'llm-d+ejection'].map(policy => ({
  ...{ id: 'S1', scenario: small, seed: 1, policy },
}))

/** A run of which everything is known. */
function handmade(): RunResult {
  const records = createRecords()
  const { requests, attempts } = records
  const row = (arrivedMs: number, slowdown: number, attempted = 1) => {
    const served = attempted === 1
    requests.arrivedMs.push(arrivedMs)
    requests.served.push(served)
    requests.ttftMs.push(served ? slowdown * 100 : Number.NaN)
    requests.idealMs.push(100)
    requests.attempts.push(attempted)
    requests.reusableTokens.push(1_000)
    requests.cachedTokens.push(slowdown < 3 ? 1_000 : 0)
  }
  for (let i = 0; i < 97; i++) row(i * 1_000, 2)
  row(50_000, 8)
  row(98_000, 1, 0)
  row(99_000, 1, 4)
  for (let second = 0; second < 100; second++) {
    for (const account of [0, 1]) {
      if (account === 1 && second >= 40 && second < 70 && second % 10 !== 0) continue
      attempts.atMs.push(second * 1_000)
      attempts.account.push(account)
      attempts.ok.push(true)
    }
  }
  const incidents = [
    { kind: 'dead', accounts: [1], fromMs: 40_000, toMs: 60_000 },
    { kind: 'brown_out', accounts: [0], fromMs: 50_000, toMs: 51_000, firstToken: 10, decode: 2 },
  ] as const
  const world = { durationMs: 100_000, incidents, accounts: [], tenants: [] } as unknown as World
  return { policy: 'handmade', world, records, selectMicros: 7 }
}

describe('the measures', () => {
  const measures = measure(handmade())

  it('are what they say', () => {
    expect(measures).toMatchObject({
      requests: 100,
      slow95: 2,
      slow99: 8,
      brownSlow99: 8,
      sloPercent: 97,
      failPercent: 2,
      refusedPercent: 1,
      failedPercent: 1,
      attemptsPerRequest: 1.02,
      selectMicros: 7,
    })
    expect(measures.hitPercent).toBeCloseTo((97 / 98) * 100)
  })

  it('are no figures where there was no request', () => {
    const { sloPercent, failPercent, refusedPercent, failedPercent, hitPercent, ...rest } = measure({
      ...handmade(),
      records: createRecords(),
    })
    const shares = [sloPercent, failPercent, refusedPercent, failedPercent, hitPercent]
    expect([...shares, rest.attemptsPerRequest, rest.slow95]).toEqual(Array(7).fill(null))
  })

  it('tell exposure as a share of attempts during the incident over the share before', () => {
    // 2 of 22 attempts against one half before.
    expect(measures.deadExposure).toBeCloseTo(2 / 22 / 0.5)
  })

  it('tell the return when a share of ten seconds is half of what it was', () => {
    expect(measures.returnSeconds).toBeGreaterThan(0)
    expect(measures.returnSeconds).toBeLessThanOrEqual(10)
  })
})

it('takes quantiles by nearest rank', () => {
  expect(quantiles([3, 1, 2, 4], [0, 0.25, 0.5, 0.95, 1])).toEqual([1, 1, 2, 4, 4])
  expect(quantiles([], [0.5])).toEqual([Number.NaN])
})

describe('the league', () => {
  it('runs on threads what it runs alone, in the order asked for', async () => {
    const run = createJobRunner(noTraces)
    const alone = [await run(jobs[0]!), await run(jobs[1]!)]
    const threaded = await runJobs(jobs, { threads: 2 })
    const untimed = threaded.map(result => ({
      ...result,
      measures: { ...result.measures, selectMicros: null },
    }))
    expect(untimed).toEqual(alone)
    expect(threaded.every(({ measures }) => measures.selectMicros! > 0)).toBe(true)
  })

  it('fails with the name of the run that fails', async () => {
    await expect(runJobs([{ ...jobs[0]!, policy: 'no-such' }])).rejects.toThrow(
      /S1 with no-such, seed 1, failed/,
    )
  })

  it('prints rows by scenario, means over seeds, and attempts over all', async () => {
    const run = createJobRunner(noTraces)
    const { measures } = await run(jobs[0]!)
    const rows = [1, 2].map(seed => leagueRow({ scenario: 'S1', policy: 'classic', seed }, measures))
    const all = [...rows, ...overallRows(rows)]
    expect(all.map(({ scenario }) => scenario)).toEqual(['S1', 'S1', 'R11', 'R11'])
    expect(all[2]!.attemptsPerRequest).toBe(measures.attemptsPerRequest)
    const table = leagueTable(all)
    expect(table).toContain('S1 (mean of 2 seeds)')
    expect(table.split('\n')).toHaveLength(6)
  })

  it('tells below the table who hedges, for a gateway does so only when told to', async () => {
    const { measures } = await createJobRunner(noTraces)(jobs[0]!)
    const tableOf = (policy: string) =>
      leagueTable([leagueRow({ scenario: 'S1', policy, seed: 1 }, measures)])
    expect(tableOf('adaptive')).toMatch(/Hedged: adaptive, at most 3 % of requests\. Hedging is opt-in/)
    for (const policy of ['adaptive:no-hedge', 'balanced', 'classic'])
      expect(tableOf(policy)).not.toContain('opt-in')
  })

  it('has the scenarios R1 to R10, whose names are their own', () => {
    const ids = LEAGUE.map(({ id }) => id)
    for (let i = 1; i <= 10; i++) expect(ids).toContain(`R${i}`)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('has M1 to M5, which are R1 but for how their servers behave', () => {
    const worldOf = (id: string) => LEAGUE.find(row => row.id === id)!.scenario
    const { name: _, ...usual } = worldOf('R1')
    for (const id of ['M1', 'M2', 'M3', 'M4', 'M5']) {
      const { name, servers, ...rest } = worldOf(id)
      expect(rest).toEqual(usual)
      expect(Object.keys(servers ?? {})).not.toEqual([])
      expect(name).not.toBe(worldOf('R1').name)
    }
  })
})

it('reports on one page that asks for nothing else', async () => {
  const run = createJobRunner(noTraces)
  const html = reportHtml('A <report>', [await run(jobs[0]!), await run(jobs[1]!)])
  expect(html).toContain('<title>A &lt;report&gt;</title>')
  expect(html).toContain('S1: small &amp; &lt;calm&gt;')
  expect(html).not.toMatch(/https?:|src=|<script|@import|url\(/)
  expect(html).not.toMatch(/NaN|undefined|Infinity/)
  // Slowdown, first token, queue, and one share plot a policy.
  expect(html.match(/<svg /g)).toHaveLength(5)
  expect(html.match(/>dead</g)!.length).toBeGreaterThanOrEqual(3)
})

it('the table of tenants and tiers tells the mean over all runs of a policy', () => {
  const run = (policy: string, failedPercent: number | null, slow95: number | null) => ({
    policy,
    measures: {
      groups: [
        { group: 'tenant a', sharePercent: 40, slow95, sloPercent: 90, refusedPercent: 5, failedPercent },
      ],
    } as unknown as Measures,
  })
  const table = groupTable([run('one', 1, 2), run('two', 7, 7), run('one', 3, null)])
  expect(table.split('\n').map(line => line.split(/\s{2,}|(?<=%)\s/).filter(cell => cell !== ''))).toEqual([
    ['share %', 'slow95', 'SLO %', 'refused %', 'failed %'],
    ['one', 'tenant a', '40.00', '2.00', '90.00', '5.00', '2.00'],
    ['two', 'tenant a', '40.00', '7.00', '90.00', '5.00', '7.00'],
    [],
  ])
  expect(groupTable([{ policy: 'one', measures: { groups: [] } as unknown as Measures }])).toBe('')
})
