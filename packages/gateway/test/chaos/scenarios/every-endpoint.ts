import { randomBytes } from 'node:crypto'
import { type Answer, type CallOptions, call, generation, keepAlive, responseIdIn } from '../rig/client.ts'
import { accountsAt, clientKey } from '../rig/gateway.ts'
import type { Judge } from '../rig/judge.ts'
import { holds, type Scenario, type World } from '../rig/scenario.ts'
import { sleep, until } from '../rig/waiting.ts'

const names = ['one', 'two', 'three', 'four']
const limit = 6
const workers = 12
const MiB = 1024 * 1024

/** Two who share the accounts and nothing else. */
const tenants = [
  { name: 'red', key: `${clientKey}-red` },
  { name: 'blue', key: `${clientKey}-blue` },
] as const

/** All endpoint families at once, two tenants, and an upstream that goes through a bad minute by a script. */
export const everyEndpoint: Scenario = {
  claim:
    'with two tenants on every endpoint through a scripted bad minute no answer ends dishonestly, nobody reads what is another’s, attempts stay below 1.2 a request, and nothing is left',
  async run(world) {
    const seconds = world.short ? 12 : 45
    const profile = { ttftMs: 10, tokensPerSecond: 400, outputTokens: 12, concurrency: null }
    const judge = await world.startJudge(
      Object.fromEntries(names.map(name => [`sk-${name}`, { name, ...profile }])),
    )
    const capabilities = {
      ...{ storedResponses: true, conversations: true, files: true, background: true },
    }
    const config = {
      clients: tenants.map(({ name, key }) => ({ name, keys: [key] })),
      accounts: accountsAt(judge.url, names, {
        concurrency: limit,
        headersTimeout: '2s',
        idleTimeout: '1s',
        capabilities,
      }),
      telemetry: { logLevel: 'warn' },
    }
    const gateway = await world.startGateway({ config })
    const traffic = new Traffic(world, gateway.url)
    const rss: number[] = []
    let running = true
    const sampling = (async () => {
      while (running) {
        await sleep(250)
        rss.push(gateway.rssBytes())
      }
    })()
    const load = Promise.all(
      Array.from({ length: workers }, (_, worker) => traffic.work(worker, () => running)),
    )
    await badMinute(judge, seconds * 1000)
    running = false
    await load
    await sampling
    traffic.agent.destroy()

    const { dishonest, strayed, requests, endings } = traffic
    holds(dishonest.length === 0, `${dishonest.length} answers ended dishonestly, such as ${dishonest[0]}`)
    holds(strayed.length === 0, `${strayed.length} ids opened for another tenant, such as ${strayed[0]}`)
    holds(traffic.probes > 20, `only ${traffic.probes} ids of the other tenant were tried`)
    const { total } = await judge.stats()
    const attempts = (total.byEndpoint['responses.create'] ?? 0) + (total.byEndpoint['chat.completions'] ?? 0)
    holds(attempts <= 1.2 * requests, `${attempts} attempts for ${requests} requests`)
    for (const name of names) {
      const max = await judge.sustainedMax(name)
      holds(max <= limit, `account ${name} had ${max} at once, limit ${limit}`)
    }
    await until('all slots free', 3000, async () =>
      [...(await gateway.metric('headgate_account_in_flight')).values()].every(value => value === 0),
    )
    const held = [...(await gateway.metric('headgate_buffered_bytes')).values()]
    holds(held.length === 1 && held[0] === 0, `${held} bytes are still held`)
    const [early, late] = [peak(rss, 0.3, 0.6), peak(rss, 0.7, 1)]
    holds(late <= 1.25 * early + 24 * MiB, `memory grew from ${mib(early)} to ${mib(late)} MiB`)
    const told = Object.entries(endings).map(([ending, count]) => `${count} ${ending}`)
    return `${traffic.calls} calls: ${told.join(', ')}; ${(attempts / requests).toFixed(2)} attempts a generation; ${traffic.probes} foreign ids refused; ${mib(early)} → ${mib(late)} MiB`
  },
}

const mib = (bytes: number): string => (bytes / MiB).toFixed(0)
const peak = (samples: readonly number[], from: number, to: number): number =>
  Math.max(...samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to)))

/** What happens to the accounts, by the clock of the scenario. */
async function badMinute(judge: Judge, lengthMs: number): Promise<void> {
  const step = lengthMs / 6
  await sleep(step)
  await judge.fault({ account: 'one', probability: 0.3, fault: { kind: 'status', status: 500 } })
  await judge.fault({
    account: 'two',
    probability: 0.1,
    fault: { kind: 'cut', afterEvents: 6, midEvent: true },
  })
  await sleep(step)
  await judge.fault({
    account: 'three',
    probability: 0.2,
    fault: { kind: 'status', status: 429, retryAfterMs: 1000 },
  })
  await judge.fault({ account: 'two', probability: 0.05, fault: { kind: 'stall', afterEvents: 6 } })
  await sleep(step)
  await judge.clearFaults('one')
  await judge.fault({ account: 'one', fault: { kind: 'cut' } })
  await sleep(step)
  await judge.clearFaults()
  await judge.fault({ account: 'four', probability: 0.1, fault: { kind: 'errorInside200', afterEvents: 6 } })
  await sleep(step)
  await judge.clearFaults()
  await sleep(step)
}

/** Clients that do a bit of everything, and what became of it. */
class Traffic {
  readonly agent = keepAlive()
  readonly dishonest: string[] = []
  readonly strayed: string[] = []
  readonly endings: Record<string, number> = {}
  calls = 0
  requests = 0
  probes = 0
  readonly #world: World
  readonly #url: string
  /** What each tenant made and has not deleted, as the path that reads it. */
  readonly #made: string[][] = tenants.map(() => [])

  constructor(world: World, url: string) {
    this.#world = world
    this.#url = url
  }

  async work(worker: number, running: () => boolean): Promise<void> {
    const tenant = worker % tenants.length
    const ways = [
      () => this.#converse(tenant, 'json'),
      () => this.#converse(tenant, 'sse'),
      () => this.#generate(tenant, generation('chat')),
      () => this.#background(tenant),
      () => this.#file(tenant),
      () => this.#conversation(tenant),
      () => this.#stray(tenant),
      () => this.#stray(tenant),
    ]
    while (running()) {
      await this.#world.random.pick(ways)()
      await sleep(this.#world.random.whole(0, 20))
    }
  }

  async #call(tenant: number, options: Omit<CallOptions, 'url' | 'key' | 'agent'>): Promise<Answer> {
    const { key } = tenants[tenant]!
    const answer = await call({ url: this.#url, key, agent: this.agent, ...options })
    this.calls++
    this.endings[answer.ending] = (this.endings[answer.ending] ?? 0) + 1
    if (answer.ending === 'dishonest')
      this.dishonest.push(
        `${options.method ?? 'POST'} ${options.path} ${answer.status} …${answer.body.slice(-300)}`,
      )
    return answer
  }

  async #generate(tenant: number, asked: { path: string; body: object }): Promise<Answer> {
    this.requests++
    return await this.#call(tenant, asked)
  }

  async #converse(tenant: number, kind: 'json' | 'sse'): Promise<void> {
    const first = await this.#generate(tenant, generation(kind))
    const id = responseIdIn(first.body)
    if (first.ending !== 'whole' || id === undefined) return
    this.#made[tenant]!.push(`/v1/responses/${id}`)
    await this.#generate(tenant, generation(kind, { previous_response_id: id }))
  }

  async #background(tenant: number): Promise<void> {
    const begun = await this.#generate(tenant, generation('json', { background: true }))
    const id = responseIdIn(begun.body)
    if (begun.ending !== 'whole' || id === undefined) return
    this.#made[tenant]!.push(`/v1/responses/${id}`)
    for (let polls = 0; polls < 5; polls++) {
      const { body } = await this.#call(tenant, { method: 'GET', path: `/v1/responses/${id}` })
      if (/"status":\s*"completed"/.test(body)) return
      await sleep(20)
    }
    await this.#call(tenant, { path: `/v1/responses/${id}/cancel`, body: {} })
  }

  async #file(tenant: number): Promise<void> {
    const boundary = randomBytes(8).toString('hex')
    const part = (head: string, content: string): string =>
      `--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n${content}\r\n`
    const content = 'x'.repeat(this.#world.random.whole(1, 200_000))
    const form = `${part('name="purpose"', 'user_data')}${part('name="file"; filename="x.txt"', content)}--${boundary}--\r\n`
    const sent = await this.#call(tenant, {
      path: '/v1/files',
      raw: { contentType: `multipart/form-data; boundary=${boundary}`, bytes: Buffer.from(form) },
    })
    await this.#keep(tenant, sent, '/v1/files')
  }

  async #conversation(tenant: number): Promise<void> {
    const made = await this.#call(tenant, { path: '/v1/conversations', body: {} })
    const id = await this.#keep(tenant, made, '/v1/conversations')
    if (id === undefined) return
    const items = [{ type: 'message', role: 'user', content: 'x' }]
    await this.#call(tenant, { path: `/v1/conversations/${id}/items`, body: { items } })
    await this.#generate(tenant, generation('sse', { conversation: id }))
    await this.#call(tenant, { method: 'GET', path: `/v1/conversations/${id}/items` })
  }

  /** Reads what was made once, and half of the time deletes it. */
  async #keep(tenant: number, made: Answer, path: string): Promise<string | undefined> {
    const id = /"id":\s*"([^"]+)"/.exec(made.body)?.[1]
    if (made.ending !== 'whole' || id === undefined) return undefined
    const own = `${path}/${id}`
    await this.#call(tenant, { method: 'GET', path: own })
    if (this.#world.random.next() < 0.5) this.#made[tenant]!.push(own)
    else if (path === '/v1/files') await this.#call(tenant, { method: 'DELETE', path: own })
    return id
  }

  /** Tries what the other tenant has made, in every way that would show or change it. */
  async #stray(tenant: number): Promise<void> {
    const theirs = this.#made[1 - tenant]!
    if (theirs.length === 0) return
    const path = this.#world.random.pick(theirs)
    const id = path.slice(path.lastIndexOf('/') + 1)
    const ways: Omit<CallOptions, 'url'>[] = [
      { method: 'GET', path },
      { method: 'DELETE', path },
      generation('json', { previous_response_id: id }),
      generation('json', { conversation: id }),
    ]
    const way = this.#world.random.pick(ways)
    this.probes++
    const answer = await this.#call(tenant, way)
    if (answer.status !== 404 && answer.status !== 400)
      this.strayed.push(`${way.method ?? 'POST'} ${path} ${answer.status}`)
  }
}
