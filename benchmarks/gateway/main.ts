/**
 * What the whole gateway costs beside the barest proxy and beside nginx: authentication, scheduling, tap, metrics
 * and logging are on.
 *
 *   npm run bench:gateway [-- --quick] [-- --connections 256] [-- --json FILE]
 *
 * - Every proxy, the upstream and the load run in processes of their own. The proxies are measured in turn, round
 *   by round, so that whatever slows the machine slows all of them; printed are medians over the rounds and their
 *   range. Compare within one run only: between runs a shared machine swings by a factor of two.
 * - `json`: a chat completion of 378 bytes, each connection asks again as soon as it is answered. CPU and latency
 *   are per request, from the first byte sent to the last byte received.
 * - `sse`: each connection carries one stream of 40 chunks, one every 20 ms. CPU is per chunk, and so is latency:
 *   from the moment the upstream wrote a chunk to the moment the client has it (both clocks are the machine's
 *   monotonic one); `direct`, without a proxy, shows what of it is the proxy's.
 * - CPU is the kernel's account of all threads of the process and its children, so this runs on Linux.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Job, JobResult, Kind } from './job.ts'
import { cpuMicrosOf } from './process-cpu.ts'
import { type ProxyProcess, startHeadgate, startHttpAgent, startNginx, startServer } from './proxies.ts'
import { type Sample, summarize, table } from './summary.ts'

const chunksPerStream = 40
const chunkEveryMs = 20

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    connections: { type: 'string', default: '32' },
    kinds: { type: 'string', default: 'json,sse' },
    json: { type: 'string' },
  },
})
const connections = Number(values.connections)
if (!Number.isInteger(connections) || connections < 1 || connections > 4096) {
  throw new Error(`--connections must be a whole number from 1 to 4096, not ${values.connections}`)
}
const kinds = values.kinds.split(',') as Kind[]
const rounds = values.quick ? 3 : 6
const forMs = values.quick ? 500 : 1500
/** The first rounds compile; they are not counted. */
const warmUpRounds = values.quick ? 1 : 2

const folder = mkdtempSync(join(tmpdir(), 'headgate-bench-'))
const stops: (() => Promise<void>)[] = []
try {
  await main()
} finally {
  for (const stop of stops.reverse()) await stop()
  rmSync(folder, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const upstream = await startServer('./upstream-main.ts', [String(chunksPerStream), String(chunkEveryMs)])
  stops.push(upstream.stop)
  const proxies = [
    await startHeadgate(join(folder, 'headgate'), upstream.port),
    await startHttpAgent(upstream.port),
    await startNginx(join(folder, 'nginx'), upstream.port),
  ].filter(proxy => proxy !== undefined)
  for (const { stop } of proxies) stops.push(stop)
  if (proxies.length < 3) console.log('nginx is not installed: measured without it')
  const driver = startDriver()
  stops.push(driver.stop)

  const subjects = [...proxies, { name: 'direct', pid: upstream.pid, port: upstream.port } as const]
  const samples: Sample[] = []
  for (const kind of kinds) {
    for (let round = -warmUpRounds; round < rounds; round++) {
      for (const subject of subjects) {
        const sample = await measure(driver, subject, kind)
        if (round >= 0) samples.push(sample)
      }
    }
  }
  const results = summarize(samples)
  console.log(`${connections} connections, ${rounds} rounds, medians [min-max]`)
  console.log(table(results))
  if (values.json !== undefined) writeJson(values.json, results)
}

async function measure(
  driver: Driver,
  { name, pid, port }: Pick<ProxyProcess, 'pid' | 'port'> & { readonly name: Sample['name'] },
  kind: Kind,
): Promise<Sample> {
  const before = cpuMicrosOf(pid)
  const spreadMs = chunkEveryMs * 2
  const { units, elapsedMs, latenciesMicros } = await driver.run({ port, kind, connections, forMs, spreadMs })
  const cpuMicros = (cpuMicrosOf(pid) - before) / units
  const sorted = Float64Array.from(latenciesMicros).sort()
  const at = (share: number): number => sorted[Math.min(units - 1, Math.floor(units * share))]!
  const perSecond = (units / elapsedMs) * 1000
  return { name, kind, connections, cpuMicros, p50Micros: at(0.5), p99Micros: at(0.99), perSecond }
}

interface Driver {
  run(job: Job): Promise<JobResult>
  stop(): Promise<void>
}

function startDriver(): Driver {
  const file = fileURLToPath(new URL('./driver-main.ts', import.meta.url))
  const child = fork(file, { execArgv: ['--conditions=headgate-source'], serialization: 'advanced' })
  const failed = once(child, 'exit').then(() => Promise.reject(new Error('The driver ended; see above.')))
  failed.catch(() => {})
  return {
    async run(job) {
      child.send(job)
      const [result] = (await Promise.race([once(child, 'message'), failed])) as [JobResult]
      return result
    },
    async stop() {
      child.disconnect()
      await failed.catch(() => {})
    },
  }
}

/** Paths are meant from where npm was called, not from the folder of the package it ran in. */
function writeJson(file: string, results: readonly Sample[]): void {
  const path = resolve(process.env['INIT_CWD'] ?? process.cwd(), file)
  const rounded = results
    .filter(({ name }) => name !== 'direct')
    .map(({ name, kind, connections, cpuMicros, p50Micros, p99Micros, perSecond }) => ({
      name,
      kind,
      connections,
      cpuMicros: Math.round(cpuMicros * 10) / 10,
      p50Micros: Math.round(p50Micros),
      p99Micros: Math.round(p99Micros),
      perSecond: Math.round(perSecond),
    }))
  writeFileSync(path, `${JSON.stringify({ results: rounded }, null, 2)}\n`)
}
