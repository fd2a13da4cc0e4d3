/**
 * What a client sees of an upstream that fails: nothing, while another account can still answer; an explicit error,
 * once the answer has begun; the truth, when nobody can answer. The mock's log says who was asked.
 */
import type { Fault } from '@headgate/mock-upstream'
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway, type TestGatewayOptions } from '../fixtures/gateway.ts'
import { accountsAsked, generations, running } from '../fixtures/mock-log.ts'
import { readBody, type WireBody } from '../fixtures/read-stream.ts'

const model = 'gpt-5.1'

const requests = {
  json: ['/v1/responses', { model, input: 'x' }],
  sse: ['/v1/responses', { model, input: 'x', stream: true }],
  chat: ['/v1/chat/completions', { model, messages: [{ role: 'user', content: 'x' }], stream: true }],
} as const
type Wire = keyof typeof requests

let sessions = 0

/** Each a session of its own: requests that begin alike would be taken for one. */
const send = (gateway: TestGateway, wire: Wire): Promise<Response> =>
  gateway.fetch(requests[wire][0], {
    json: requests[wire][1],
    headers: { 'x-session-id': String(++sessions) },
  })

const shortWaits: TestGatewayOptions = {
  pools: { default: { scheduler: { wait: { timeout: '100ms', ownerTimeout: '100ms' } } } },
}

/** Nothing runs, and no slot is held by either count. */
async function expectIdle(gateway: TestGateway): Promise<void> {
  await eventually(async () => running(gateway.mock) === 0 && (await gateway.slotsInUse()) === 0)
}

function canParse(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** One answer from its first event to its last, by one account. */
function expectWhole(wire: Wire, body: WireBody): void {
  expect(body).toMatchObject({ end: 'clean' })
  if (wire === 'json') {
    expect(JSON.parse(body.text)).toMatchObject({ status: 'completed' })
    return
  }
  expect(body.rest).toBe('')
  if (wire === 'chat') {
    expect(body.events.filter(({ data }) => data.includes('"role":"assistant"'))).toHaveLength(1)
    expect(body.text).not.toContain('"error"')
    expect(body.events.at(-1)!.data).toBe('[DONE]')
    return
  }
  const told = body.events.map(({ data }) => JSON.parse(data))
  expect(told.map(event => event.sequence_number)).toEqual(told.map((_, index) => index))
  expect(told.filter(event => event.type === 'response.created')).toHaveLength(1)
  expect(told.at(-1).type).toBe('response.completed')
  expect(told.at(-1).response.id).toBe(told[0].response.id)
}

/** Cut off honestly: an explicit error at the very end, and nothing that says it was complete. */
function expectErrorAtTheEnd(wire: Wire, body: WireBody, code: string): void {
  expect(body).toMatchObject({ end: 'clean', rest: '' })
  expect(body.text).not.toMatch(/\[DONE\]|response\.completed|"finish_reason":"stop"/)
  const errors = body.events.filter(({ data }) => data.includes(`"code":"${code}"`))
  expect(errors, body.text.slice(-500)).toHaveLength(1)
  expect(errors[0]).toBe(body.events.at(-1))
  const error = JSON.parse(errors[0]!.data)
  if (wire === 'chat') expect(Object.keys(error)).toEqual(['error'])
  else {
    expect(errors[0]!.event).toBe('error')
    expect(error).toMatchObject({ type: 'error', sequence_number: body.events.length - 1 })
  }
}

describe('before the answer has begun', () => {
  const rows: readonly (readonly [string, Fault, readonly Wire[], TestGatewayOptions?])[] = [
    ['a 500', { kind: 'status', status: 500 }, ['json', 'sse', 'chat']],
    ['a 500 that is a page', { kind: 'status', status: 500, body: '<html>' }, ['json', 'sse']],
    ['a 503', { kind: 'status', status: 503 }, ['json', 'sse', 'chat']],
    [
      'a 429 with Retry-After',
      { kind: 'status', status: 429, retryAfterMs: 30_000 },
      ['json', 'sse', 'chat'],
    ],
    ['a redirect', { kind: 'redirect', location: 'http://127.0.0.1:9/' }, ['json', 'sse']],
    ['a connection cut before the head', { kind: 'cut' }, ['json', 'sse', 'chat']],
    ['a connection reset before the head', { kind: 'cut', how: 'reset' }, ['json', 'sse']],
    ['a failure as the first event', { kind: 'errorInside200' }, ['json', 'sse', 'chat']],
    ['a failure after the lifecycle events', { kind: 'errorInside200', afterEvents: 2 }, ['sse']],
    ['a flat error event', { kind: 'errorInside200', as: 'error' }, ['json', 'sse']],
    ['a nested error event', { kind: 'errorInside200', as: 'nestedError' }, ['sse']],
    [
      'an error and a failure',
      { kind: 'errorInside200', as: 'errorThenFailed', code: 'rate_limit_exceeded' },
      ['sse'],
    ],
    ['a failure after the role', { kind: 'errorInside200', afterEvents: 1 }, ['chat']],
    ['a body without anything', { kind: 'empty' }, ['json', 'sse', 'chat']],
    ['a stream cut after the lifecycle events', { kind: 'cut', afterEvents: 2 }, ['sse']],
    [
      'a stream cut in the middle of its first event',
      { kind: 'cut', afterEvents: 0, midEvent: true },
      ['sse', 'chat'],
    ],
    ['a page instead of an answer', { kind: 'malformed', shape: 'html' }, ['json', 'sse', 'chat']],
    ['a body that is no JSON', { kind: 'malformed', shape: 'notJson' }, ['json']],
    ['a JSON body cut short', { kind: 'cut', afterBytes: 200 }, ['json']],
    ['silence', { kind: 'blackHole' }, ['json', 'sse'], { limits: { headersTimeout: '100ms' } }],
    [
      'a JSON body that stops',
      { kind: 'stall', afterBytes: 200 },
      ['json'],
      { limits: { idleTimeout: '100ms' } },
    ],
    [
      'no token in time',
      { kind: 'stall', afterEvents: 2 },
      ['sse'],
      { pools: { default: { firstTokenTimeout: '100ms' } } },
    ],
    [
      'no head in time',
      { kind: 'blackHole' },
      ['sse', 'chat'],
      { pools: { default: { firstTokenTimeout: '100ms' } } },
    ],
  ]

  const cases = rows.flatMap(([what, fault, wires, options]) =>
    wires.map(wire => ({ what, fault, wire, options })),
  )

  it.each(cases)('$what is answered by another account ($wire)', async ({ fault, wire, options }) => {
    const gateway = await gatewayForTest(options)
    gateway.mock.fault({ fault, times: 1 })
    const answer = await send(gateway, wire)
    expect(answer.status).toBe(200)
    expectWhole(wire, await readBody(answer))
    const asked = accountsAsked(gateway.mock)
    expect([asked.length, new Set(asked).size]).toEqual([2, 2])
    await expectIdle(gateway)
  })

  it('a response that nobody will hear of is deleted where it was stored', async () => {
    const gateway = await gatewayForTest()
    gateway.mock.fault({ fault: { kind: 'errorInside200', afterEvents: 2 }, times: 1 })
    await readBody(await send(gateway, 'sse'))
    const [failed] = generations(gateway.mock)
    const deleted = () => gateway.mock.requests().find(({ endpoint }) => endpoint === 'responses.delete')
    await eventually(() => deleted()?.status === 200)
    expect(deleted()).toMatchObject({ account: failed!.account, path: `/v1/responses/${failed!.responseId}` })
  })

  it('a lost answer is asked for once more, not again and again', async () => {
    const gateway = await gatewayForTest()
    gateway.mock.fault({ fault: { kind: 'cut' } })
    const answer = await send(gateway, 'json')
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_disconnected' } })
    expect(answer.headers.get('x-should-retry')).toBe('false')
    expect(accountsAsked(gateway.mock)).toHaveLength(2)
  })
})

describe('after the answer has begun', () => {
  interface Row {
    readonly what: string
    readonly fault: Fault
    readonly wire: Wire
    readonly code: string
    readonly options?: TestGatewayOptions
  }
  const cut = { code: 'upstream_disconnected' } as const
  const stalled = { code: 'upstream_timeout', options: { limits: { idleTimeout: '100ms' } } } as const
  const rows: readonly Row[] = [
    {
      what: 'a cut in an event',
      fault: { kind: 'cut', afterEvents: 5, midEvent: true },
      wire: 'sse',
      ...cut,
    },
    {
      what: 'a cut in a chunk',
      fault: { kind: 'cut', afterEvents: 3, midEvent: true },
      wire: 'chat',
      ...cut,
    },
    { what: 'a reset', fault: { kind: 'cut', afterEvents: 6, how: 'reset' }, wire: 'sse', ...cut },
    { what: 'a stall', fault: { kind: 'stall', afterEvents: 6 }, wire: 'sse', ...stalled },
    {
      what: 'an event without end',
      fault: { kind: 'hugeEvent', megabytes: 2, afterEvents: 6 },
      wire: 'sse',
      code: 'upstream_event_too_long',
    },
  ]

  it.each(rows)('$what ends the stream with an error and tries nobody else ($wire)', async row => {
    const { fault, wire, code, options } = row
    const gateway = await gatewayForTest(options)
    gateway.mock.fault({ fault, times: 1 })
    const answer = await send(gateway, wire)
    expect(answer.status).toBe(200)
    expectErrorAtTheEnd(wire, await readBody(answer), code)
    expect(accountsAsked(gateway.mock)).toHaveLength(1)
    await expectIdle(gateway)
  })

  // A client's SDK would break on the event: it hears an error it can read in its place.
  it.each(['sse', 'chat'] as const)(
    'an output event that is no JSON ends the stream with an error, and counts (%s)',
    async wire => {
      const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }] })
      const afterEvents = wire === 'sse' ? 6 : 3
      gateway.mock.fault({ fault: { kind: 'malformed', shape: 'notJson', afterEvents }, times: 1 })
      const body = await readBody(await send(gateway, wire))
      expectErrorAtTheEnd(wire, body, 'upstream_bad_event')
      expect(body.events).toHaveLength(afterEvents + 1)
      expect(body.events.filter(({ data }) => !canParse(data))).toEqual([])
      expect(accountsAsked(gateway.mock)).toHaveLength(1)
      expect(
        await gateway.metric('headgate_upstream_attempts_total{account="a1",outcome="server_error"}'),
      ).toBe(1)
      await expectIdle(gateway)
    },
  )

  it('an end that is no JSON is no end: an error follows it', async () => {
    const gateway = await gatewayForTest()
    const whole = await readBody(await send(gateway, 'sse'))
    const afterEvents = whole.events.length - 1
    gateway.mock.fault({ fault: { kind: 'malformed', shape: 'notJson', afterEvents }, times: 1 })
    const body = await readBody(await send(gateway, 'sse'))
    const last = body.events.at(-1)!
    expect([last.event, JSON.parse(last.data).code]).toEqual(['error', 'upstream_bad_event'])
    const types = body.events.map(({ data }) => JSON.parse(data).type)
    expect(types).not.toContain('response.completed')
    expect(accountsAsked(gateway.mock)).toHaveLength(2)
  })

  it('a long JSON body that is cut is no JSON to the client', async () => {
    const gateway = await gatewayForTest({
      accounts: ['a1', 'a2'].map(id => ({ id, profile: { outputTokens: 4000 } })),
      limits: { jsonBuffer: '4KiB' },
    })
    gateway.mock.fault({ fault: { kind: 'cut', afterBytes: 12_000 }, times: 1 })
    const body = await readBody(await send(gateway, 'json'))
    expect(body.end).toBe('broken')
    expect(body.text.length).toBeGreaterThan(0)
    expect(() => JSON.parse(body.text)).toThrow()
    expect(accountsAsked(gateway.mock)).toHaveLength(1)
    await expectIdle(gateway)
  })
})

describe('when nobody can answer', () => {
  it('the last error is told, and that trying again now is no use', async () => {
    const gateway = await gatewayForTest()
    gateway.mock.fault({ fault: { kind: 'status', status: 500, message: 'canary-words' } })
    for (const wire of ['json', 'sse', 'chat'] as const) {
      const answer = await send(gateway, wire)
      const text = await answer.text()
      expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([500, 'false'])
      expect(JSON.parse(text)).toMatchObject({ error: { code: 'upstream_error', type: 'upstream_error' } })
      expect(text).not.toContain('canary-words')
    }
    await expectIdle(gateway)
  })

  it('at most four accounts are asked for one request', async () => {
    const accounts = Array.from({ length: 6 }, (_, index) => ({ id: `a${index}` }))
    const gateway = await gatewayForTest({ accounts })
    gateway.mock.fault({ fault: { kind: 'status', status: 500 } })
    expect((await send(gateway, 'json')).status).toBe(500)
    expect([accountsAsked(gateway.mock).length, new Set(accountsAsked(gateway.mock)).size]).toEqual([4, 4])
  })

  it('the budget of retries bounds what an outage costs', async () => {
    const gateway = await gatewayForTest({ limits: { retryRatio: 0, retryBurst: 5 } })
    gateway.mock.fault({ fault: { kind: 'status', status: 501 }, endpoint: 'embeddings' })
    for (let count = 0; count < 10; count++) {
      await gateway.fetch('/v1/embeddings', { json: { model: 'text-embedding-3-small', input: 'x' } })
    }
    const retries = generations(gateway.mock).length - 10
    expect(retries).toBeGreaterThan(0)
    expect(retries).toBeLessThanOrEqual(5)
  })

  it('most of the new work is told to come back after the first failures, what continues something is not', async () => {
    const gateway = await gatewayForTest({ limits: { retryRatio: 0, retryBurst: 0 } })
    const ask = (fields: object = {}): Promise<Response> =>
      gateway.fetch('/v1/responses', { json: { model: 'gpt-5.1', input: 'x', ...fields } })
    const { id } = (await (await ask()).json()) as { id: string }
    gateway.mock.fault({ fault: { kind: 'status', status: 500 } })
    const codes = new Map<string, number>()
    for (let count = 0; count < 200; count++) {
      const answer = await ask()
      const { code } = ((await answer.json()) as { error: { code: string } }).error
      codes.set(code, (codes.get(code) ?? 0) + 1)
      if (code === 'upstream_outage') expect(answer.headers.get('retry-after')).toMatch(/^\d+$/)
    }
    expect(codes.get('upstream_outage')).toBeGreaterThan(120)
    expect(generations(gateway.mock).length).toBeLessThan(80)
    const continued = await ask({ previous_response_id: id })
    expect(((await continued.json()) as { error: { code: string } }).error.code).not.toBe('upstream_outage')
  })

  it('a limit is told with the time when the first account is free again', async () => {
    const gateway = await gatewayForTest(shortWaits)
    for (const [account, retryAfterMs] of [
      ['a1', 40_000],
      ['a2', 20_000],
      ['a3', 30_000],
    ] as const) {
      gateway.mock.fault({ account, fault: { kind: 'status', status: 429, retryAfterMs } })
    }
    await send(gateway, 'json')
    const answer = await send(gateway, 'json')
    expect(await answer.json()).toMatchObject({ error: { code: 'accounts_rate_limited' } })
    const seconds = Number(answer.headers.get('retry-after'))
    expect([answer.status, seconds > 15, seconds <= 20]).toEqual([429, true, true])
    expect(generations(gateway.mock)).toHaveLength(3)
  })

  it('a quota that is spent is not worth coming back for', async () => {
    const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }] })
    gateway.mock.fault({
      fault: { kind: 'status', status: 429, code: 'insufficient_quota', type: 'insufficient_quota' },
    })
    const answer = await send(gateway, 'json')
    expect([answer.status, answer.headers.get('x-should-retry')]).toEqual([429, 'false'])
    expect(await answer.json()).toMatchObject({ error: { code: 'insufficient_quota' } })
  })

  it('background work is never sent twice', async () => {
    const gateway = await gatewayForTest()
    gateway.mock.fault({ fault: { kind: 'status', status: 500 }, times: 1 })
    const answer = await gateway.fetch('/v1/responses', { json: { model, input: 'x', background: true } })
    expect(answer.status).toBe(500)
    gateway.mock.fault({ fault: { kind: 'cut' }, times: 1 })
    const lost = await gateway.fetch('/v1/responses', { json: { model, input: 'x', background: true } })
    expect(lost.status).toBe(502)
    expect(generations(gateway.mock)).toHaveLength(2)
  })
})

describe('a credential that an upstream refuses', () => {
  it.each([401, 403])('takes its account out, and no client hears of the %i', async status => {
    const gateway = await gatewayForTest()
    gateway.mock.fault({ account: 'a2', fault: { kind: 'status', status } })
    const asked = () => accountsAsked(gateway.mock).filter(account => account === 'a2').length
    const statuses = new Set<number>()
    while (asked() === 0) statuses.add((await send(gateway, 'json')).status)
    for (let count = 0; count < 12; count++) statuses.add((await send(gateway, 'json')).status)
    expect([[...statuses], asked()]).toEqual([[200], 1])
    const state = 'headgate_account_state{pool="default",account="a2",state="cooling_down"}'
    expect(await gateway.metric(state)).toBe(1)
  })

  it('is the operators business when there is no other account', async () => {
    const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }] })
    gateway.mock.fault({ fault: { kind: 'status', status: 401 } })
    const answer = await send(gateway, 'json')
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_auth' } })
  })
})

describe('a conversation whose account', () => {
  const first = async (gateway: TestGateway) => {
    const { id } = (await (await send(gateway, 'json')).json()) as { id: string }
    return { id, owner: generations(gateway.mock)[0]!.account! }
  }
  const goOn = (gateway: TestGateway, id: string, stream = false) =>
    gateway.fetch('/v1/responses', { json: { model, input: 'more', previous_response_id: id, stream } })

  it.each([
    ['json', false],
    ['sse', true],
  ] as const)('fails gets an error and asks nobody else (%s)', async (_, stream) => {
    const gateway = await gatewayForTest(shortWaits)
    const { id, owner } = await first(gateway)
    gateway.mock.fault({ account: owner, fault: { kind: 'status', status: 500 } })
    const statuses: number[] = []
    let last: unknown
    let retryAfter = 0
    while (!statuses.includes(503)) {
      const answer = await goOn(gateway, id, stream)
      statuses.push(answer.status)
      last = await answer.json()
      retryAfter = Number(answer.headers.get('retry-after'))
    }
    // Three faults take the account out; from then on the truth costs no upstream request.
    expect(statuses).toEqual([500, 500, 500, 503])
    expect(last).toMatchObject({ error: { code: 'owner_unavailable' } })
    expect(retryAfter).toBeGreaterThanOrEqual(1)
    expect(accountsAsked(gateway.mock)).toEqual([owner, owner, owner, owner])
    // Others are served meanwhile, elsewhere.
    expect((await send(gateway, 'json')).status).toBe(200)
  })

  it('is full waits for it, and says so when the wait is over', async () => {
    const gateway = await gatewayForTest({
      ...shortWaits,
      accounts: ['a1', 'a2'].map(id => ({ id, config: { concurrency: 1 } })),
    })
    const { id, owner } = await first(gateway)
    gateway.mock.fault({ account: owner, fault: { kind: 'blackHole' }, times: 1 })
    const leave = new AbortController()
    const json = { model, input: 'x', previous_response_id: id }
    const held = gateway.fetch('/v1/responses', { json, signal: leave.signal }).catch(() => undefined)
    await eventually(() => running(gateway.mock) === 1)
    const refused = await goOn(gateway, id)
    expect(refused.status).toBe(503)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(new Set(accountsAsked(gateway.mock))).toEqual(new Set([owner]))
    leave.abort()
    await held
    await expectIdle(gateway)
    expect((await goOn(gateway, id)).status).toBe(200)
  })

  it('leaves the configuration is told to send everything again', async () => {
    const gateway = await gatewayForTest()
    const { id, owner } = await first(gateway)
    await gateway.reload({
      accounts: ['a1', 'a2', 'a3'].filter(other => other !== owner).map(other => ({ id: other })),
    })
    const answer = await goOn(gateway, id)
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ error: { code: 'previous_response_not_found' } })
    expect(accountsAsked(gateway.mock)).toEqual([owner])
  })
})
