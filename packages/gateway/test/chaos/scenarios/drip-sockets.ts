import { connect } from 'node:net'
import { call, generation, keepAlive } from '../rig/client.ts'
import { accountsAt, clientKey, type GatewayProcess } from '../rig/gateway.ts'
import { holds, type Scenario, type World } from '../rig/scenario.ts'
import { percentile, sleep } from '../rig/waiting.ts'

const drips = 200
const goodClients = 20
const headerTimeoutMs = 2000
const bodyWindowMs = 1000
/** Header deadlines are looked at once a second; the rest is for a machine that is busy with this very test. */
const lateMs = 1000 + 500

/** Slow-loris: half of them never finish their head, half of them drip a body. */
export const dripSockets: Scenario = {
  claim: 'sockets that drip a head or a body are closed at their limit, and good clients do not notice them',
  async run(world) {
    const judge = await world.startJudge({ 'sk-a': { name: 'a', ttftMs: 10 } })
    const config = {
      accounts: accountsAt(judge.url, ['a']),
      limits: { headerTimeout: `${headerTimeoutMs}ms`, bodyIdle: `${bodyWindowMs}ms` },
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    await goodTraffic(gateway, world, 1000)
    const alone = await goodTraffic(gateway, world, 2500)
    const dripping = Promise.all(
      Array.from({ length: drips }, (_, i) => drip(gateway.port, i % 2 ? 'body' : 'head')),
    )
    const beside = await goodTraffic(gateway, world, 3500)
    const lives = await dripping
    const heads = lives.filter((_, i) => i % 2 === 0)
    const bodies = lives.filter((_, i) => i % 2 === 1)
    const longestHead = Math.max(...heads)
    // A body is judged once a window, so a drip is found out after one or two.
    const longestBody = Math.max(...bodies)
    holds(longestHead <= headerTimeoutMs + lateMs, `a dripping head lived ${longestHead.toFixed(0)} ms`)
    holds(
      Math.min(...heads) >= headerTimeoutMs - 50,
      `a head was cut off early, after ${Math.min(...heads)} ms`,
    )
    holds(longestBody <= 2 * bodyWindowMs + lateMs, `a dripping body lived ${longestBody.toFixed(0)} ms`)
    const before = percentile(alone, 0.95)
    const during = percentile(beside, 0.95)
    holds(
      during <= 3 * before + 30,
      `good clients took ${during.toFixed(0)} ms at p95, ${before.toFixed(0)} alone`,
    )
    holds((await judge.stats()).total.concurrency.current === 0, 'a drip reached the upstream')
    return `heads closed by ${longestHead.toFixed(0)} ms, bodies by ${longestBody.toFixed(0)} ms; good p95 ${before.toFixed(0)} ms alone, ${during.toFixed(0)} ms beside them`
  },
}

/** Twenty clients that ask, read and think; answers how long each request took. */
async function goodTraffic(gateway: GatewayProcess, world: World, forMs: number): Promise<number[]> {
  const agent = keepAlive()
  const endMs = performance.now() + forMs
  const tookMs: number[] = []
  await Promise.all(
    Array.from({ length: goodClients }, async () => {
      while (performance.now() < endMs) {
        const { ending, durationMs } = await call({ url: gateway.url, ...generation('json'), agent })
        holds(ending === 'whole', `a good client's answer ended ${ending}`)
        tookMs.push(durationMs)
        await sleep(world.random.whole(50, 150))
      }
    }),
  )
  agent.destroy()
  return tookMs
}

/** Sends a byte every 100 ms until it is closed, and answers how long it lived. */
function drip(port: number, what: 'head' | 'body'): Promise<number> {
  const head = `POST /v1/responses HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer ${clientKey}\r\n`
  const rest = 'content-type: application/json\r\ncontent-length: 5000\r\n\r\n{'
  return new Promise(resolve => {
    let startedMs = 0
    let timer: NodeJS.Timeout | undefined
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      startedMs = performance.now()
      socket.write(what === 'head' ? `${head}x-drip: ` : head + rest)
      timer = setInterval(() => socket.write(' '), 100)
    })
    socket.on('error', () => {})
    socket.resume()
    socket.on('close', () => {
      clearInterval(timer)
      resolve(performance.now() - startedMs)
    })
  })
}
