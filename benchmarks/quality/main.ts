/**
 * The league table: how well each policy chooses accounts, in simulated worlds that are the same for all.
 *
 *   npm run quality [-- --seeds 1,2,3] [--scenarios R1,R4] [--policies classic,adaptive] [--json FILE] [--report FILE]
 *
 * Runs go to threads, one a core; progress is told on stderr, the table on stdout. A row is what one policy came to in
 * one scenario with one seed; `R11` is attempts a request over all scenarios run. `us` is real time, a selection's median on
 * this machine; everything else is the same on every run.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import {
  type Job,
  type JobResult,
  LEAGUE,
  leagueRow,
  leagueTable,
  overallRows,
  POLICIES,
  policyNamed,
  reportHtml,
} from '@headgate/simulator'
import { runJobs } from '@headgate/simulator/node'

process.on('uncaughtException', error => {
  process.stderr.write(`${error instanceof RangeError ? error.message : error.stack}\n`)
  process.exit(1)
})

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1,2,3' },
    scenarios: { type: 'string' },
    policies: { type: 'string' },
    json: { type: 'string' },
    report: { type: 'string' },
    threads: { type: 'string' },
  },
})

function seedsOf(text: string): number[] {
  return text.split(',').map(part => {
    const seed = Number(part)
    if (Number.isSafeInteger(seed) && seed >= 0) return seed
    throw new RangeError(`--seeds: ${JSON.stringify(part)} is no seed; seeds are whole numbers from 0 on.`)
  })
}

/**
 * `R10` stands for `R10-5000` as well: one is told beside the other. `R11` is no scenario of its own: alone it means all.
 * `M1` to `M5`, whose servers behave otherwise than expected, are run when they are named.
 */
function scenariosOf(text: string | undefined): typeof LEAGUE {
  const wanted = text?.split(',').filter(id => id !== 'R11') ?? []
  if (wanted.length === 0) return LEAGUE.filter(({ id }) => id.startsWith('R'))
  for (const id of wanted) {
    if (LEAGUE.some(row => row.id === id)) continue
    throw new RangeError(`--scenarios: there is no ${id}; there are ${LEAGUE.map(row => row.id).join(', ')}.`)
  }
  return LEAGUE.filter(({ id }) => wanted.includes(id) || wanted.includes(id.split('-')[0]!))
}

const seeds = seedsOf(values.seeds)
const policies = (values.policies?.split(',') ?? POLICIES.map(({ name }) => name)).map(
  name => policyNamed(name).name,
)
const jobs: Job[] = scenariosOf(values.scenarios).flatMap(({ id, scenario }) =>
  seeds.flatMap(seed => policies.map(policy => ({ id, scenario, seed, policy }))),
)

const startedMs = performance.now()
function progress(done: number, all: number, { job }: JobResult): void {
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(0)
  process.stderr.write(`${done}/${all}  ${seconds} s  ${job.id} seed ${job.seed} ${job.policy}\n`)
}

const threads = values.threads === undefined ? {} : { threads: Number(values.threads) }
const results = await runJobs(jobs, { progress, ...threads })
const rows = results.map(({ job, measures }) =>
  leagueRow({ scenario: job.id, policy: job.policy, seed: job.seed }, measures),
)
const all = [...rows, ...overallRows(rows)]
process.stdout.write(leagueTable(all))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ results: all }, null, 1)}\n`)
if (values.report !== undefined)
  writeFileSync(values.report, reportHtml('Headgate: the league table', results))
