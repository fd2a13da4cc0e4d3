import { once } from 'node:events'
import { connect } from 'node:net'
import { call, generation } from '../rig/client.ts'
import { accountsAt, type GatewayProcess } from '../rig/gateway.ts'
import type { Judge } from '../rig/judge.ts'
import { holds, type Scenario, type World } from '../rig/scenario.ts'
import { until } from '../rig/waiting.ts'

const names = ['a', 'b']
const perAccount = 3

/** The first signal: nobody new, everybody who is being answered to the end. */
export const gracefulStop: Scenario = {
  claim:
    'SIGTERM under load: not ready at once, running streams end whole, waiters get 503 with Retry-After, exit 0',
  async run(world) {
    const { judge, gateway } = await start(world, { tokensPerSecond: 40, outputTokens: 60 })
    const running = Array.from({ length: names.length * perAccount }, () =>
      call({ url: gateway.url, ...generation('sse') }),
    )
    await until(
      'all slots taken',
      5000,
      async () => (await judge.stats()).total.concurrency.current === running.length,
    )
    const waiting = Array.from({ length: 8 }, () => call({ url: gateway.url, ...generation('sse') }))
    await until('eight waiters', 5000, async () => total(await gateway.metric('headgate_queue_depth')) === 8)
    const idle = await openIdle(gateway.port)

    gateway.signal('SIGTERM')
    const refusedMs = await until('readiness off', 1000, async () => !(await isReady(gateway)))
    const turnedAway = await Promise.all(waiting)
    for (const { status, headers } of turnedAway) {
      holds(status === 503, `a waiter was answered ${status}`)
      holds(Number(headers['retry-after']) > 0, 'a waiter was told no Retry-After')
    }
    const answers = await Promise.all(running)
    const broken = answers.filter(({ ending }) => ending !== 'whole')
    holds(broken.length === 0, `${broken.length} running streams did not end whole: ${broken[0]?.ending}`)
    const { code, signal } = await gateway.ended
    holds(code === 0, `it ended with code ${code}, signal ${signal}`)
    holds(await idle.closed, 'an idle connection was not closed')
    holds((await judge.stats()).total.concurrency.current === 0, 'an upstream was left running')
    return `${answers.length} streams whole, ${turnedAway.length} waiters turned away, not ready after ${refusedMs.toFixed(0)} ms`
  },
}

/** The second signal: now, but never as if the streams had come to their end. */
export const forcedStop: Scenario = {
  claim: 'a second SIGTERM ends the process at once, and no open stream ends as if it were whole',
  async run(world) {
    const { judge, gateway } = await start(world, { tokensPerSecond: 20, outputTokens: 2000 })
    const kinds = ['sse', 'chat', 'sse', 'json', 'chat', 'sse'] as const
    let begun = 0
    const open = kinds.map(kind => {
      let heard = false
      const onBytes = (): void => {
        if (!heard) begun++
        heard = true
      }
      return call({ url: gateway.url, ...generation(kind), onBytes })
    })
    await until('five streams begun', 5000, () => begun === 5)
    gateway.signal('SIGTERM')
    await until('readiness off', 1000, async () => !(await isReady(gateway)))
    const forcedAtMs = performance.now()
    gateway.signal('SIGTERM')
    const answers = await Promise.all(open)
    const { code, signal } = await gateway.ended
    const tookMs = performance.now() - forcedAtMs
    holds(code === 143, `it ended with code ${code}, signal ${signal}; 143 says: ended by SIGTERM`)
    holds(tookMs < 3000, `it took ${tookMs.toFixed(0)} ms to end`)
    for (const { ending, status } of answers) {
      const honest = ending === 'cut' || ending === 'error_event' || ending === 'refused'
      holds(honest, `an open answer (${status}) ended ${ending}`)
    }
    await until(
      'no upstream left running',
      1000,
      async () => (await judge.stats()).total.concurrency.current === 0,
    )
    return `${answers.length} open answers, all cut or ended with an error, over in ${tookMs.toFixed(0)} ms`
  },
}

async function start(world: World, profile: object): Promise<{ judge: Judge; gateway: GatewayProcess }> {
  const judge = await world.startJudge(
    Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
  )
  const config = { accounts: accountsAt(judge.url, names, { concurrency: perAccount }) }
  return { judge, gateway: await world.startGateway({ config }) }
}

async function isReady(gateway: GatewayProcess): Promise<boolean> {
  return (await call({ url: gateway.url, method: 'GET', path: '/ready' })).status === 200
}

/** A connection that sends nothing; `closed` resolves true when the server closes it. */
async function openIdle(port: number): Promise<{ readonly closed: Promise<boolean> }> {
  const socket = connect({ port, host: '127.0.0.1' })
  await once(socket, 'connect')
  socket.on('error', () => {})
  socket.resume()
  return { closed: once(socket, 'close').then(() => true) }
}

function total(samples: ReadonlyMap<string, number>): number {
  return [...samples.values()].reduce((sum, value) => sum + value, 0)
}
