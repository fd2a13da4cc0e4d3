import { call, generation, keepAlive } from '../rig/client.ts'
import { accountsAt } from '../rig/gateway.ts'
import type { Judge } from '../rig/judge.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep, until } from '../rig/waiting.ts'

const names = ['errors', 'cuts', 'stalls', 'limited', 'dead', 'well']
const limit = 4
const workers = 10

/** What a pool goes through in a bad minute, all at once: every answer stays honest and no retry storm begins. */
export const mixedFaults: Scenario = {
  claim:
    'among failing accounts no answer ends dishonestly, retries stay within budget, no limit is passed, and a dead account is left alone until it heals',
  async run(world) {
    const seconds = world.short ? 10 : 20
    const profile = { ttftMs: 20, tokensPerSecond: 200, outputTokens: 20, concurrency: null }
    const judge = await world.startJudge(
      Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
    )
    await breakAccounts(judge)
    const config = {
      accounts: accountsAt(judge.url, names, {
        concurrency: limit,
        headersTimeout: '1s',
        idleTimeout: '700ms',
      }),
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    const agent = keepAlive()
    const endings: Record<string, number> = {}
    const dishonest: string[] = []
    let requests = 0
    let running = true
    const startedMs = performance.now()
    const load = Promise.all(
      Array.from({ length: workers }, async () => {
        while (running) {
          const kind = world.random.pick(['json', 'sse', 'chat'] as const)
          requests++
          const { ending, body, status } = await call({ url: gateway.url, ...generation(kind), agent })
          endings[ending] = (endings[ending] ?? 0) + 1
          if (ending === 'dishonest') dishonest.push(`${kind} ${status} …${body.slice(-300)}`)
          await sleep(world.random.whole(0, 30))
        }
      }),
    )
    await sleep(seconds * 500)
    const whileDead = (await judge.stats()).accounts['dead']!
    await judge.clearFaults('dead')
    // Ejected for 5 s, doubled by a probe that failed, then a slow start: it has to come back by itself.
    await until('the healed account in use again', 25_000, async () => {
      const { byStatus } = (await judge.stats()).accounts['dead']!
      return (byStatus['200'] ?? 0) > 5
    })
    await sleep(Math.max(0, seconds * 1000 - (performance.now() - startedMs)))
    running = false
    await load
    agent.destroy()
    const elapsedMs = performance.now() - startedMs
    const { total } = await judge.stats()
    const attempts = generationsOf(total.byEndpoint)
    const allowed = 1.2 * requests + 10 * (1 + Math.ceil(elapsedMs / 10_000))
    holds(dishonest.length === 0, `${dishonest.length} answers ended dishonestly, such as ${dishonest[0]}`)
    holds(attempts <= allowed, `${attempts} attempts for ${requests} requests, ${allowed.toFixed(0)} allowed`)
    for (const name of names) {
      const max = await judge.sustainedMax(name)
      holds(max <= limit, `account ${name} had ${max} at once, limit ${limit}`)
    }
    const deadShare = generationsOf(whileDead.byEndpoint)
    holds(deadShare <= 3 * limit, `the dead account was asked ${deadShare} times in ${seconds / 2} s`)
    await until('all slots free', 2000, async () => {
      const inFlight = await gateway.metric('headgate_account_in_flight')
      return [...inFlight.values()].every(value => value === 0)
    })
    const told = Object.entries(endings).map(([ending, count]) => `${count} ${ending}`)
    return `${requests} requests in ${(elapsedMs / 1000).toFixed(0)} s: ${told.join(', ')}; ${(attempts / requests).toFixed(2)} attempts each; dead account asked ${deadShare} times`
  },
}

async function breakAccounts(judge: Judge): Promise<void> {
  await judge.fault({ account: 'errors', probability: 0.3, fault: { kind: 'status', status: 500 } })
  await judge.fault({
    account: 'cuts',
    probability: 0.15,
    fault: { kind: 'cut', afterEvents: 12, midEvent: true },
  })
  await judge.fault({
    account: 'cuts',
    probability: 0.15,
    fault: { kind: 'cut', afterEvents: 1, how: 'reset' },
  })
  await judge.fault({ account: 'stalls', probability: 0.1, fault: { kind: 'stall', afterEvents: 8 } })
  await judge.fault({
    account: 'stalls',
    probability: 0.1,
    fault: { kind: 'errorInside200', afterEvents: 9 },
  })
  await judge.fault({
    account: 'limited',
    probability: 0.2,
    fault: { kind: 'status', status: 429, retryAfterMs: 1000 },
  })
  await judge.fault({ account: 'dead', fault: { kind: 'blackHole' } })
}

function generationsOf(byEndpoint: Readonly<Record<string, number>>): number {
  return Object.values(byEndpoint).reduce((sum, count) => sum + count, 0)
}
