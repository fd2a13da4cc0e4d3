/**
 * The chaos suite: the gateway as users run it, in its own process, with signals, crashes, broken upstreams and rude
 * clients, in real time. The judge is the mock upstream, in a process of its own.
 *
 *   npm run test:chaos [-- --short] [-- --seed N] [-- --only WORD]
 *
 * Exits with 1 when a claim is broken. The seed is printed; the same seed tries the same choices, though not the
 * same interleavings: processes and sockets are real.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startFirehose } from './rig/firehose.ts'
import { startGateway } from './rig/gateway.ts'
import { startJudge } from './rig/judge.ts'
import { createSeededRandom } from './rig/random.ts'
import type { Scenario, World } from './rig/scenario.ts'
import { brownOut } from './scenarios/brown-out.ts'
import { conversations } from './scenarios/crash-conversations.ts'
import { killsUnderLoad } from './scenarios/crash-under-load.ts'
import { dripSockets } from './scenarios/drip-sockets.ts'
import { everyEndpoint } from './scenarios/every-endpoint.ts'
import { greedyTenant, revokedKey } from './scenarios/hostile-tenants.ts'
import { largeUploads } from './scenarios/large-uploads.ts'
import { leavingClients } from './scenarios/leaving-clients.ts'
import { mixedFaults } from './scenarios/mixed-faults.ts'
import { reloads } from './scenarios/reloads.ts'
import { slowReaders } from './scenarios/slow-readers.ts'
import { forcedStop, gracefulStop } from './scenarios/stopping.ts'

const scenarios: readonly Scenario[] = [
  conversations,
  killsUnderLoad,
  gracefulStop,
  forcedStop,
  leavingClients,
  slowReaders,
  largeUploads,
  mixedFaults,
  everyEndpoint,
  dripSockets,
  reloads,
  greedyTenant,
  revokedKey,
  brownOut,
]

/** A scenario that hangs is a failure like others. */
const longestMs = 180_000

const { values } = parseArgs({
  options: {
    short: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    only: { type: 'string' },
  },
})
const { short, only } = values
const seed = Number(values.seed)
if (!Number.isSafeInteger(seed)) throw new Error(`--seed must be a whole number, not ${values.seed}`)

console.log(`seed ${seed}${short ? ', short' : ''}`)
let passed = 0
let failed = 0
for (const scenario of scenarios) {
  if (only !== undefined && !scenario.claim.includes(only)) continue
  if (await runOne(scenario)) passed++
  else failed++
}
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)

async function runOne(scenario: Scenario): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-chaos-'))
  const stops: (() => Promise<unknown>)[] = []
  const tails: (() => string)[] = []
  const world: World = {
    short,
    random: createSeededRandom(seed),
    folder,
    async startJudge(accounts) {
      const judge = await startJudge(accounts, seed)
      stops.push(judge.stop)
      return judge
    },
    async startFirehose() {
      const firehose = await startFirehose()
      stops.push(firehose.stop)
      return firehose
    },
    async startGateway(settings) {
      const gateway = await startGateway(folder, settings)
      tails.push(gateway.tail)
      stops.push(() => {
        gateway.signal('SIGKILL')
        return gateway.ended
      })
      return gateway
    },
  }
  const startedMs = performance.now()
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`
  try {
    const figures = await Promise.race([scenario.run(world), tooLong()])
    console.log(`ok      ${scenario.claim} (${figures}; ${seconds()})`)
    return true
  } catch (error) {
    const { name, message, stack } = error as Error
    console.log(`FAILED  ${scenario.claim} (${seconds()})\n        ${name === 'Error' ? message : stack}`)
    for (const line of (tails.at(-1)?.() ?? '').split('\n').filter(isAlarming).slice(-8))
      console.log(`        gateway: ${line.slice(0, 400)}`)
    return false
  } finally {
    for (const stop of stops.reverse()) await stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function tooLong(): Promise<never> {
  return new Promise((_resolve, reject) => {
    setTimeout(() => reject(new Error(`The scenario did not end within ${longestMs} ms.`)), longestMs).unref()
  })
}

/** Lines of the gateway that say more than that a request is over. */
function isAlarming(line: string): boolean {
  return line !== '' && !line.includes('"msg":"request"')
}
