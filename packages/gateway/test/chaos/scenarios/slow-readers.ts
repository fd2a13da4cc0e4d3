import { connect, type Socket } from 'node:net'
import { generation } from '../rig/client.ts'
import { accountsAt, clientKey } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep, until } from '../rig/waiting.ts'

const readers = 40
const stalledReaderMs = 4000
const megabyte = 1024 ** 2

/** Forty streams of six megabytes each, and nobody reads: the upstreams have to wait, not the memory to grow. */
export const slowReaders: Scenario = {
  claim:
    'clients that stop reading cost bounded memory, are cut off after the limit, and their slots are free again',
  async run(world) {
    const judge = await world.startJudge({ 'sk-a': { name: 'a', outputTokens: 30_000 } })
    const config = {
      accounts: accountsAt(judge.url, ['a'], { concurrency: readers }),
      limits: { stalledReader: `${stalledReaderMs}ms` },
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    await warmUp(gateway.port)
    const beforeBytes = gateway.rssBytes()
    let peakBytes = beforeBytes
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, gateway.rssBytes())
    }, 50)
    const sockets = await Promise.all(Array.from({ length: readers }, () => stalledReader(gateway.port)))
    await until(
      'all streams running',
      10_000,
      async () => { const s = (await judge.stats()).total; console.log(Math.round(performance.now()), JSON.stringify([s.concurrency, s.aborted, s.byStatus]), [...await gateway.metric('headgate_account_in_flight')], gateway.rssBytes()); return s.concurrency.max === readers },
    )
    const stalledAtMs = performance.now()
    await sleep(stalledReaderMs / 2)
    const { current } = (await judge.stats()).total.concurrency
    holds(current === readers, `after half the limit only ${current} of ${readers} streams were still there`)
    await until('all slots free', 2 * stalledReaderMs + 2000, async () => {
      const inFlight = await gateway.metric('headgate_account_in_flight')
      return [...inFlight.values()].every(value => value === 0)
    })
    const freedMs = performance.now() - stalledAtMs
    await until(
      'no upstream running',
      1000,
      async () => (await judge.stats()).total.concurrency.current === 0,
    )
    clearInterval(watch)
    for (const socket of sockets) socket.destroy()
    const grownBytes = peakBytes - beforeBytes
    holds(grownBytes <= readers * megabyte, `memory grew by ${mega(grownBytes)}, more than 1 MiB a reader`)
    return `${readers} readers, memory +${mega(grownBytes)}, all cut and free after ${(freedMs / 1000).toFixed(1)} s (limit ${stalledReaderMs / 1000} s)`
  },
}

/** Asks for a stream and never reads a byte of it. */
function stalledReader(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      socket.on('error', () => {})
      socket.pause()
      socket.write(requestBytes('sse'))
      resolve(socket)
    })
  })
}

/** A few ordinary streams, read and left, so that the growth measured is not that of a process still starting. */
async function warmUp(port: number): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise<void>(resolve => {
      const socket = connect({ port, host: '127.0.0.1' }, () => socket.write(requestBytes('sse')))
      let bytes = 0
      socket.on('data', chunk => {
        bytes += chunk.length
        if (bytes > 2 * megabyte) socket.destroy()
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve())
    })
  }
}

function requestBytes(kind: 'sse'): string {
  const { path, body } = generation(kind)
  const text = JSON.stringify(body)
  return [
    `POST ${path} HTTP/1.1`,
    'host: gateway',
    `authorization: Bearer ${clientKey}`,
    'content-type: application/json',
    `content-length: ${text.length}`,
    '',
    text,
  ].join('\r\n')
}

function mega(bytes: number): string {
  return `${(bytes / megabyte).toFixed(1)} MiB`
}
