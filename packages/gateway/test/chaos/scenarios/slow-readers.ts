import { connect, type Socket } from 'node:net'
import { generation } from '../rig/client.ts'
import { accountsAt, clientKey } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep, until } from '../rig/waiting.ts'

const readers = 40
const stalledReaderMs = 3000
const megabyte = 1024 ** 2
/**
 * V8 lets so much memory outside its heap come together before it collects, whoever the clients are: 64 MiB on a quiet machine,
 * twice as much where something else takes its time. Unread, the streams would be two thousand.
 */
const slackBytes = 128 * megabyte

/** Streams of fifty megabytes each that nobody reads: the upstream has to wait, not the memory to grow. */
export const slowReaders: Scenario = {
  claim:
    'clients that stop reading cost bounded memory, are cut off after the limit, and their slots are free again',
  async run(world) {
    const firehose = await world.startFirehose()
    const config = {
      accounts: accountsAt(firehose.url, ['a'], { concurrency: readers }),
      limits: { stalledReader: `${stalledReaderMs}ms` },
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    const beforeBytes = gateway.rssBytes()
    let peakBytes = beforeBytes
    const watch = setInterval(() => {
      peakBytes = Math.max(peakBytes, gateway.rssBytes())
    }, 50)
    const sockets = await stalledReaders(gateway.port)
    const startedMs = performance.now()
    await until('all streams running', 5000, async () => (await firehose.count()).open === readers)
    await sleep(stalledReaderMs / 2)
    const { open } = await firehose.count()
    holds(open === readers, `after half the limit only ${open} of ${readers} streams were still there`)
    await until(
      'all streams cut',
      1.25 * stalledReaderMs + 2000,
      async () => (await firehose.count()).open === 0,
    )
    const freedMs = performance.now() - startedMs
    const inFlight = await gateway.metric('headgate_account_in_flight')
    holds(
      [...inFlight.values()].every(value => value === 0),
      'a slot was not given back',
    )
    clearInterval(watch)
    for (const socket of sockets) socket.destroy()
    const grownBytes = peakBytes - beforeBytes
    holds(
      grownBytes <= readers * megabyte + slackBytes,
      `memory grew by ${mega(grownBytes)}, more than 1 MiB a reader and ${mega(slackBytes)}`,
    )
    return `${readers} readers, memory +${mega(grownBytes)}, all cut and free after ${(freedMs / 1000).toFixed(1)} s (limit ${stalledReaderMs / 1000} s)`
  },
}

function stalledReaders(port: number): Promise<Socket[]> {
  return Promise.all(Array.from({ length: readers }, () => stalledReader(port)))
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
