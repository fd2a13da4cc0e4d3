/** Who is served first when several tenants wait for the same accounts. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway, type TestGatewayOptions } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'

/** Each tenant asks for a model of its own, so that the upstream's log tells whose request came when. */
const modelOf = { greedy: 'gpt-5.1', modest: 'gpt-5-mini' } as const
type Tenant = keyof typeof modelOf

/** One slot, so that the order in which requests reach the upstream is the order in which they were admitted. */
const oneSlot = (change: {
  readonly scheduler?: object
  readonly clients?: TestGatewayOptions['clients']
}): TestGatewayOptions => ({
  accounts: [{ id: 'a1', config: { concurrency: 1 } }],
  clients: change.clients ?? [{ name: 'greedy' }, { name: 'modest' }],
  pools: { default: { scheduler: { wait: PATIENT, ...change.scheduler } } },
})

/** A queue of one slot in which everybody waits: who comes first is the question, not who may. */
const PATIENT = { max: 400, shed: '1h' }

const depth = (gateway: TestGateway) => gateway.metric('headgate_queue_depth{pool="default"}')

/** Sends `count` requests of a tenant at once; resolves when all of them stand in the queue. */
async function crowd(gateway: TestGateway, client: Tenant, count: number): Promise<Promise<Response>[]> {
  const before = await depth(gateway)
  const json = { model: modelOf[client], input: 'x', store: false }
  const sent = Array.from({ length: count }, () => gateway.fetch('/v1/responses', { client, json }))
  await eventually(async () => (await depth(gateway)) >= before + count)
  return sent
}

/** Occupies the only slot; the answer lets it go. */
async function hold(gateway: TestGateway): Promise<() => Promise<void>> {
  gateway.mock.fault({ fault: { kind: 'stall', afterEvents: 4 }, times: 1 })
  const json = { model: modelOf.greedy, input: 'x', stream: true, store: false }
  const holder = await gateway.fetch('/v1/responses', { client: 'greedy', json })
  return () => holder.body!.cancel()
}

/** Lets a greedy tenant queue up first and a modest one after it; whose requests were admitted, in order. */
async function admissions(
  options: TestGatewayOptions,
  counts: Readonly<Record<Tenant, number>>,
): Promise<Tenant[]> {
  const gateway = await gatewayForTest(options)
  const release = await hold(gateway)
  const waiting = [
    ...(await crowd(gateway, 'greedy', counts.greedy)),
    ...(await crowd(gateway, 'modest', counts.modest)),
  ]
  await release()
  const answers = await Promise.all(waiting)
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  await Promise.all(answers.map(answer => answer.text()))
  return generations(gateway.mock)
    .slice(1)
    .map(({ model }) => (model === modelOf.greedy ? 'greedy' : 'modest'))
}

describe('a tenant with 200 requests in the queue', () => {
  it('does not starve one that comes after it: both are served by turns, to within one request', async () => {
    const served = await admissions(oneSlot({}), { greedy: 200, modest: 10 })
    expect(served).toHaveLength(210)
    let lead = 0
    for (const tenant of served.slice(0, served.lastIndexOf('modest') + 1)) {
      lead += tenant === 'greedy' ? 1 : -1
      expect(Math.abs(lead)).toBeLessThanOrEqual(1)
    }
  })

  it('is served in the order of arrival with fairness: fifo', async () => {
    const served = await admissions(
      oneSlot({ scheduler: { profile: 'balanced', fairness: 'fifo', wait: { max: PATIENT.max } } }),
      {
        greedy: 20,
        modest: 2,
      },
    )
    expect(served.indexOf('modest')).toBe(20)
  })
})

describe('of two tenants that wait', () => {
  it('the one with three times the weight gets three slots to the other’s one', async () => {
    const clients = [{ name: 'greedy' }, { name: 'modest', weight: 3 }]
    const served = await admissions(oneSlot({ clients }), { greedy: 12, modest: 12 })
    const first = served.slice(0, 16)
    const share = first.filter(tenant => tenant === 'modest').length
    expect(share).toBeGreaterThanOrEqual(11)
    expect(share).toBeLessThanOrEqual(12)
  })

  it('the one of higher priority is served before the other', async () => {
    const clients = [{ name: 'greedy' }, { name: 'modest', priority: 1 }]
    const served = await admissions(oneSlot({ clients }), { greedy: 12, modest: 5 })
    expect(served.slice(0, 5)).toEqual(Array(5).fill('modest'))
  })

  it('the one at its slots waits, while the other takes what is free', async () => {
    const gateway = await gatewayForTest({
      accounts: [{ id: 'a1', config: { concurrency: 2 } }],
      clients: [{ name: 'greedy', slots: 1 }, { name: 'modest' }],
    })
    const release = await hold(gateway)
    const [waiting] = await crowd(gateway, 'greedy', 1)
    const json = { model: modelOf.modest, input: 'x' }
    expect((await gateway.fetch('/v1/responses', { client: 'modest', json })).status).toBe(200)
    expect(await depth(gateway)).toBe(1)
    await release()
    expect((await waiting!).status).toBe(200)
  })
})

describe('a queue', () => {
  it('that is full answers 429 at once, and one that nobody serves 503 in time; both say when to come back', async () => {
    const scheduler = { wait: { ...PATIENT, max: 1, timeout: '300ms' } }
    const gateway = await gatewayForTest(oneSlot({ scheduler }))
    const release = await hold(gateway)
    const [waiting] = await crowd(gateway, 'greedy', 1)
    const json = { model: modelOf.greedy, input: 'x' }
    const refused = await gateway.fetch('/v1/responses', { client: 'greedy', json })
    expect([refused.status, (await refused.json()).error.code]).toEqual([429, 'queue_full'])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    const expired = await waiting!
    expect([expired.status, (await expired.json()).error.code]).toEqual([503, 'queue_timeout'])
    expect(Number(expired.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    await release()
  })
})

describe('of a hundred clients at a queue of five', () => {
  it('one is served, five wait, and the rest hear so at once', async () => {
    const gateway = await gatewayForTest(oneSlot({ scheduler: { wait: { ...PATIENT, max: 5 } } }))
    const release = await hold(gateway)
    const json = { model: modelOf.modest, input: 'x', store: false }
    let refused = 0
    const answers = Array.from({ length: 99 }, async () => {
      const { status } = await gateway.fetch('/v1/responses', { client: 'modest', json })
      if (status === 429) refused++
      return status
    })
    // Before anything is let go: nobody waits to be told that there is no place.
    await eventually(() => refused === 94)
    expect(await depth(gateway)).toBe(5)
    await release()
    expect((await Promise.all(answers)).filter(status => status === 200)).toHaveLength(5)
    expect(await depth(gateway)).toBe(0)
    expect(generations(gateway.mock)).toHaveLength(6)
  })
})

describe('a client that leaves the queue', () => {
  it('is out of it at once, and never reaches an upstream', async () => {
    const gateway = await gatewayForTest(oneSlot({}))
    const release = await hold(gateway)
    const json = { model: modelOf.modest, input: 'x', store: false }
    const leaving = new AbortController()
    const gone = Array.from({ length: 20 }, () =>
      gateway.fetch('/v1/responses', { client: 'modest', json, signal: leaving.signal }).catch(() => 'gone'),
    )
    const stays = await crowd(gateway, 'greedy', 3)
    await eventually(async () => (await depth(gateway)) === 23)
    leaving.abort()
    expect(new Set(await Promise.all(gone))).toEqual(new Set(['gone']))
    await eventually(async () => (await depth(gateway)) === 3)
    await release()
    expect((await Promise.all(stays)).map(({ status }) => status)).toEqual([200, 200, 200])
    expect(generations(gateway.mock).map(({ model }) => model)).toEqual(Array(4).fill(modelOf.greedy))
  })
})

describe('concurrency', () => {
  it('counts the requests that wait: one more is refused at once', async () => {
    const clients = [{ name: 'greedy', concurrency: 2 }, { name: 'modest' }]
    const gateway = await gatewayForTest(oneSlot({ clients }))
    const release = await hold(gateway)
    const [waiting] = await crowd(gateway, 'greedy', 1)
    const json = { model: modelOf.greedy, input: 'x' }
    const refused = await gateway.fetch('/v1/responses', { client: 'greedy', json })
    expect([refused.status, (await refused.json()).error.code]).toEqual([429, 'key_concurrency'])
    await release()
    expect((await waiting!).status).toBe(200)
  })
})
