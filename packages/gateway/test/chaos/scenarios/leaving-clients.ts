import type { ClientRequest } from 'node:http'
import { call, generation } from '../rig/client.ts'
import { accountsAt } from '../rig/gateway.ts'
import { holds, type Scenario } from '../rig/scenario.ts'
import { sleep, until } from '../rig/waiting.ts'

const names = ['a', 'b', 'c']
const limit = 4
const workers = 40

/** Ways out: a reset, a half-close, and what a library does when a request is aborted. */
const exits = {
  rst: (request: ClientRequest) => request.socket?.resetAndDestroy(),
  fin: (request: ClientRequest) => request.socket?.end(),
  abort: (request: ClientRequest) => request.destroy(),
} as const

/** Clients leave while they wait, before the head and in the middle of a stream; nothing of them may stay behind. */
export const leavingClients: Scenario = {
  claim:
    'clients that leave at any moment, in any way, leave no slot taken, no waiter queued and no upstream running',
  async run(world) {
    const profile = { ttftMs: 30, ttftJitter: 1, tokensPerSecond: 150, outputTokens: 25 }
    const judge = await world.startJudge(
      Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
    )
    const config = {
      accounts: accountsAt(judge.url, names, { concurrency: limit }),
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    const requests = world.short ? 150 : 500
    const endings: Record<string, number> = {}
    const { random } = world
    const one = async (): Promise<void> => {
      const leave = exits[random.pick(['rst', 'fin', 'abort'] as const)]
      // A tenth of them stays to the end: slots must also be there for those who do.
      const afterMs = random.next() < 0.1 ? undefined : random.whole(0, 700)
      const kind = random.pick(['json', 'sse', 'chat'] as const)
      const onSent = (request: ClientRequest): void => {
        if (afterMs !== undefined) setTimeout(() => leave(request), afterMs)
      }
      const { ending } = await call({ url: gateway.url, ...generation(kind), onSent })
      endings[ending] = (endings[ending] ?? 0) + 1
    }
    let left = requests
    await Promise.all(
      Array.from({ length: workers }, async () => {
        while (left-- > 0) await one()
      }),
    )

    const freedMs = await until('all slots free and nobody waiting', 1000, async () => {
      const inFlight = await gateway.metric('headgate_account_in_flight')
      const depth = await gateway.metric('headgate_queue_depth')
      return [...inFlight.values(), ...depth.values()].every(value => value === 0)
    })
    await until(
      'no upstream running',
      1000,
      async () => (await judge.stats()).total.concurrency.current === 0,
    )
    await sleep(100)
    const { total } = await judge.stats()
    const most = Math.max(...(await Promise.all(names.map(name => judge.sustainedMax(name)))))
    holds(most <= limit, `an account ran ${most} at once, limit ${limit}`)
    holds(
      total.concurrency.max >= limit,
      `the judge never saw more than ${total.concurrency.max}: that was no load`,
    )
    holds((endings['dishonest'] ?? 0) === 0, `${endings['dishonest']} answers ended dishonestly`)
    const wholeAgain = await call({ url: gateway.url, ...generation('sse') })
    holds(wholeAgain.ending === 'whole', 'a request after the storm was not served')
    const told = Object.entries(endings).map(([ending, count]) => `${count} ${ending}`)
    return `${requests} requests: ${told.join(', ')}; ${total.aborted} upstreams stopped; at most ${most} of ${limit}; free after ${freedMs.toFixed(0)} ms`
  },
}
