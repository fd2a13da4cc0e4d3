import { call, generation } from '../rig/client.ts'
import { accountsAt, clientKey, type GatewayProcess } from '../rig/gateway.ts'
import type { Judge } from '../rig/judge.ts'
import { holds, type Scenario, type World } from '../rig/scenario.ts'
import { until } from '../rig/waiting.ts'

const names = ['a', 'b']
const perAccount = 2
const modestKey = 'sk-headgate-chaos-client-0002'
const modest = { name: 'modest', keys: [modestKey] }
const greedy = { name: 'greedy', keys: [clientKey] }

/** One tenant fills the queue again and again; another asks for one thing after another. */
export const greedyTenant: Scenario = {
  claim:
    'a tenant that keeps the queue full does not hold up another: each request of that one is served in its turn',
  async run(world) {
    const { judge, gateway } = await start(world, { tokensPerSecond: 200, outputTokens: 20 })
    let flooding = true
    let served = 0
    const flood = Array.from({ length: 200 }, async () => {
      while (flooding) {
        const { status } = await call({ url: gateway.url, ...generation('json') })
        if (status === 200) served++
      }
    })
    await until('a full queue', 10_000, async () => (await depth(gateway)) > 150)
    const rounds = world.short ? 10 : 40
    let most = 0
    for (let i = 0; i < rounds; i++) {
      const before = served
      const { status } = await call({ url: gateway.url, key: modestKey, ...generation('json') })
      holds(status === 200, `the modest tenant was answered ${status}`)
      most = Math.max(most, served - before)
    }
    flooding = false
    await Promise.all(flood)
    // Those that run when it comes, its turn among two tenants, and those that run beside it.
    const slots = names.length * perAccount
    holds(most <= 4 * slots, `${most} requests of the greedy tenant went before one of the other's`)
    await until(
      'nothing left running',
      5000,
      async () => (await judge.stats()).total.concurrency.current === 0,
    )
    return `${rounds} requests beside ${served} of the greedy tenant, at most ${most} of those during one of them`
  },
}

/** The file loses a key while its streams run. */
export const revokedKey: Scenario = {
  claim: 'a key taken out of the file ends its streams with an error event within a second, and no others',
  async run(world) {
    const { judge, gateway } = await start(world, { tokensPerSecond: 20, outputTokens: 120 })
    let begun = 0
    const open = (key: string, kind: 'sse' | 'chat') => {
      let heard = false
      const onBytes = (): void => {
        if (!heard) begun++
        heard = true
      }
      return call({ url: gateway.url, key, ...generation(kind), onBytes })
    }
    const leaving = [open(clientKey, 'sse'), open(clientKey, 'chat')]
    const staying = [open(modestKey, 'sse'), open(modestKey, 'chat')]
    await until('four streams begun', 10_000, () => begun === 4)
    const waiting = call({ url: gateway.url, ...generation('json') })
    await until('one waiter', 5000, async () => (await depth(gateway)) === 1)
    gateway.configure({ ...config(judge), clients: [modest] })
    const revokedMs = performance.now()
    gateway.signal('SIGHUP')
    const ended = await Promise.all(leaving)
    const tookMs = performance.now() - revokedMs
    for (const { ending, body } of ended) {
      holds(ending === 'error_event', `a revoked stream ended ${ending}`)
      holds(body.includes('key_revoked'), 'the error event does not say why')
    }
    holds(tookMs < 1000, `it took ${tookMs.toFixed(0)} ms`)
    holds((await waiting).status === 401, 'who waited was not answered 401')
    await until('two upstreams left', 1000, async () => (await judge.stats()).total.concurrency.current === 2)
    const whole = await Promise.all(staying)
    holds(
      whole.every(({ ending }) => ending === 'whole'),
      'a stream of the other tenant did not end whole',
    )
    return `two streams and a waiter ended after ${tookMs.toFixed(0)} ms, two others whole`
  },
}

function config(judge: Judge): Record<string, unknown> {
  return {
    clients: [greedy, modest],
    accounts: accountsAt(judge.url, names, { concurrency: perAccount }),
    pools: { default: { scheduler: { wait: { max: 400 } } } },
  }
}

async function start(world: World, profile: object): Promise<{ judge: Judge; gateway: GatewayProcess }> {
  const judge = await world.startJudge(
    Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
  )
  return { judge, gateway: await world.startGateway({ config: config(judge) }) }
}

async function depth(gateway: GatewayProcess): Promise<number> {
  return [...(await gateway.metric('headgate_queue_depth')).values()].reduce((sum, value) => sum + value, 0)
}
