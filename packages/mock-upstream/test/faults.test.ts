import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createMockUpstream, type Fault, MockConfigError, type MockUpstream } from '../src/index.ts'
import { bodyOf, eventTypes, KEY, post, readToClose, readUntil, until } from './raw-client.ts'

let upstream: MockUpstream
beforeAll(async () => {
  upstream = await createMockUpstream({ accounts: { [KEY]: { name: 'a' }, 'sk-other': { name: 'other' } } })
})
afterEach(() => upstream.control.reset())
afterAll(() => upstream.close())

const RESPONSE = { model: 'gpt-5.1', input: 'hello' }
const STREAM = { ...RESPONSE, stream: true }
const CHAT_STREAM = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hello' }], stream: true }

const strike = (fault: Fault) => upstream.control.fault({ fault, times: 1 })
const ask = async (body: object, path = '/v1/responses', key = KEY) => {
  const headers = { authorization: `Bearer ${key}`, connection: 'close' }
  return fetch(upstream.url + path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    redirect: 'manual',
  })
}

describe('faults that answer instead', () => {
  it('answers any status with the body OpenAI would send', async () => {
    strike({ kind: 'status', status: 429, code: 'insufficient_quota' })
    const quota = await ask(RESPONSE)
    expect(quota.status).toBe(429)
    expect(await quota.json()).toMatchObject({
      error: { type: 'insufficient_quota', code: 'insufficient_quota' },
    })
    strike({ kind: 'status', status: 429, retryAfterMs: 1500 })
    const limited = await ask(RESPONSE)
    expect(limited.headers.get('retry-after')).toBe('2')
    expect(limited.headers.get('retry-after-ms')).toBe('1500')
    strike({
      kind: 'status',
      status: 502,
      body: '<h1>Bad gateway</h1>',
      headers: { 'Content-Type': 'text/html' },
    })
    const html = await ask(RESPONSE)
    expect([html.status, html.headers.get('content-type'), await html.text()]).toEqual([
      502,
      'text/html',
      '<h1>Bad gateway</h1>',
    ])
  })

  it('redirects, is empty, is a page', async () => {
    strike({ kind: 'redirect', location: 'http://canary.invalid/v1' })
    const redirect = await ask(RESPONSE)
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'http://canary.invalid/v1'])
    strike({ kind: 'empty' })
    const empty = await ask(STREAM)
    expect([empty.headers.get('content-type'), await empty.text()]).toEqual([
      'text/event-stream; charset=utf-8',
      '',
    ])
    strike({ kind: 'malformed', shape: 'html' })
    const page = await ask(STREAM)
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain('<!doctype html>')
  })

  it('never answers from a black hole, and counts the client that gives up', async () => {
    strike({ kind: 'blackHole' })
    const socket = post(upstream, '/v1/responses', STREAM)
    await until(() => upstream.control.requests()[0]?.fault === 'blackHole')
    expect(upstream.control.stats().accounts['a']!.concurrency.current).toBe(1)
    socket.destroy()
    await until(() => upstream.control.stats().accounts['a']!.concurrency.current === 0)
    expect(upstream.control.stats().accounts['a']).toMatchObject({ aborted: 1, byStatus: { none: 1 } })
    expect(socket.bytesRead).toBe(0)
  })
})

describe('cuts', () => {
  it('cuts before the head', async () => {
    strike({ kind: 'cut' })
    expect(await readToClose(post(upstream, '/v1/responses', STREAM))).toEqual({ text: '', error: null })
    expect(upstream.control.requests()[0]).toMatchObject({ status: null, aborted: false, fault: 'cut' })
  })

  it('cuts after whole events', async () => {
    strike({ kind: 'cut', afterEvents: 3 })
    const { text } = await readToClose(post(upstream, '/v1/responses', STREAM))
    const body = bodyOf(text)
    expect(eventTypes(body)).toEqual([
      'response.created',
      'response.in_progress',
      'response.output_item.added',
    ])
    expect(body.endsWith('\n\n')).toBe(true)
    expect(text.endsWith('\r\n0\r\n\r\n')).toBe(false)
  })

  it('cuts in the middle of an event', async () => {
    strike({ kind: 'cut', afterEvents: 4, midEvent: true })
    const body = bodyOf((await readToClose(post(upstream, '/v1/responses', STREAM))).text)
    expect(eventTypes(body).length).toBe(5)
    expect(body.endsWith('\n\n')).toBe(false)
    expect(() => JSON.parse(body.slice(body.lastIndexOf('data: ') + 6))).toThrow(SyntaxError)
  })

  it('cuts after an exact number of body bytes', async () => {
    strike({ kind: 'cut', afterBytes: 1234 })
    expect(bodyOf((await readToClose(post(upstream, '/v1/responses', STREAM))).text).length).toBe(1234)
    strike({ kind: 'cut', afterBytes: 0 })
    const { text } = await readToClose(post(upstream, '/v1/responses', STREAM))
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    expect(bodyOf(text)).toBe('')
  })

  it('cuts a JSON body short of its content-length', async () => {
    strike({ kind: 'cut', afterEvents: 0, midEvent: true })
    const { text } = await readToClose(post(upstream, '/v1/responses', RESPONSE))
    const announced = Number(/content-length: (\d+)/i.exec(text)![1])
    expect(bodyOf(text).length).toBe(Math.ceil(announced / 2))
  })

  it('cuts with a reset', async () => {
    strike({ kind: 'cut', how: 'reset' })
    expect(await readToClose(post(upstream, '/v1/responses', STREAM))).toEqual({
      text: '',
      error: 'ECONNRESET',
    })
  })
})

describe('streams that go wrong', () => {
  it('stalls after some events and holds its place until the client leaves', async () => {
    strike({ kind: 'stall', afterEvents: 2 })
    const socket = post(upstream, '/v1/responses', STREAM)
    const text = await readUntil(socket, read => read.includes('response.in_progress'))
    expect(eventTypes(bodyOf(text)).length).toBe(2)
    expect(upstream.control.stats().total.concurrency.current).toBe(1)
    socket.destroy()
    await until(() => upstream.control.stats().total.concurrency.current === 0)
    expect(upstream.control.stats().total.aborted).toBe(1)
  })

  it('stalls right after the head', async () => {
    strike({ kind: 'stall' })
    const socket = post(upstream, '/v1/responses', RESPONSE)
    const text = await readUntil(socket, read => read.includes('\r\n\r\n'))
    expect(text).toMatch(/^HTTP\/1.1 200 OK\r\n/)
    socket.destroy()
  })

  it.each([
    ['failed', ['response.failed']],
    ['error', ['error']],
    ['nestedError', ['error']],
    ['errorThenFailed', ['error', 'response.failed']],
  ] as const)('reports an error inside 200 as %s', async (as, types) => {
    strike({ kind: 'errorInside200', as, code: 'rate_limit_exceeded', message: 'Slow down', afterEvents: 2 })
    const body = await (await ask(STREAM)).text()
    expect(eventTypes(body)).toEqual(['response.created', 'response.in_progress', ...types])
    const events = [...body.matchAll(/^data: (.*)$/gm)].map(match => JSON.parse(match[1]!))
    expect(events.map(event => event.sequence_number)).toEqual([...events.keys()])
    expect(JSON.stringify(events.at(-1))).toContain('"rate_limit_exceeded"')
  })

  it('keeps a failed response as failed', async () => {
    strike({ kind: 'errorInside200' })
    const failed = (await (await ask(RESPONSE)).json()) as { id: string; status: string; error: object }
    expect(failed).toMatchObject({ status: 'failed', error: { code: 'server_error' } })
    const stored = await fetch(`${upstream.url}/v1/responses/${failed.id}`, {
      headers: { authorization: `Bearer ${KEY}` },
    })
    expect(await stored.json()).toMatchObject({ status: 'failed' })
  })

  it('reports an error inside a chat stream without a name and without [DONE]', async () => {
    strike({ kind: 'errorInside200', afterEvents: 2 })
    const body = await (await ask(CHAT_STREAM, '/v1/chat/completions')).text()
    const events = body.trim().split('\n\n')
    expect(events.length).toBe(3)
    expect(JSON.parse(events[2]!.slice('data: '.length))).toMatchObject({ error: { code: 'server_error' } })
  })

  it('breaks the JSON of one event and goes on', async () => {
    strike({ kind: 'malformed', shape: 'notJson', afterEvents: 4 })
    const body = await (await ask(STREAM)).text()
    const data = [...body.matchAll(/^data: (.*)$/gm)].map(match => match[1]!)
    const broken = [...data.keys()].filter(index => {
      try {
        JSON.parse(data[index]!)
        return false
      } catch {
        return true
      }
    })
    expect(broken).toEqual([4])
    expect(eventTypes(body).at(-1)).toBe('response.completed')
    strike({ kind: 'malformed', shape: 'notJson' })
    await expect((await ask(RESPONSE)).json()).rejects.toThrow(SyntaxError)
  })

  it('drips a body of the right content', async () => {
    strike({ kind: 'slowDrip', bytesPerWrite: 700, everyMs: 1 })
    const body = await (await ask(STREAM)).text()
    expect(eventTypes(body).at(-1)).toBe('response.completed')
    strike({ kind: 'slowDrip', bytesPerWrite: 100, everyMs: 1 })
    expect(await (await ask(RESPONSE)).json()).toMatchObject({ status: 'completed' })
  })

  it('sends a huge event on one line, then the rest', async () => {
    strike({ kind: 'hugeEvent', megabytes: 2 })
    const body = await (await ask(STREAM)).text()
    const lines = body.split('\n')
    expect(Math.max(...lines.map(line => line.length))).toBeGreaterThan(2 * 1024 * 1024)
    expect(lines.every(line => !line.startsWith('data: ') || JSON.parse(line.slice(6)) !== null)).toBe(true)
    expect(eventTypes(body).at(-1)).toBe('response.completed')
  })

  it('sends huge headers', async () => {
    strike({ kind: 'hugeHeaders', kilobytes: 40 })
    const head = await readUntil(post(upstream, '/v1/responses', RESPONSE), read => read.includes('\r\n\r\n'))
    expect(head.match(/x-padding-\d+: x{1024}/g)?.length).toBe(40)
  })

  it('goes on after the end, in the body or behind it', async () => {
    strike({ kind: 'garbageAfterEnd', text: 'data: junk' })
    expect((await (await ask(STREAM)).text()).endsWith('}\n\ndata: junk')).toBe(true)
    strike({ kind: 'garbageAfterEnd', where: 'socket', text: 'JUNK' })
    const socket = post(upstream, '/v1/responses', STREAM)
    const text = await readUntil(socket, read => read.includes('JUNK'))
    expect(text.endsWith('0\r\n\r\nJUNK')).toBe(true)
    socket.destroy()
  })

  it('delays the normal answer', async () => {
    strike({ kind: 'delay', delayMs: 1 })
    expect((await ask(RESPONSE)).status).toBe(200)
    expect(upstream.control.requests()[0]).toMatchObject({ fault: 'delay', status: 200 })
  })
})

describe('which requests a fault strikes', () => {
  it('strikes one account and one endpoint, so many times, the oldest rule first', async () => {
    upstream.control.fault({
      fault: { kind: 'status', status: 500 },
      account: 'a',
      endpoint: 'responses.create',
      times: 2,
    })
    upstream.control.fault({ fault: { kind: 'status', status: 503 }, account: KEY, times: 1 })
    const statuses = []
    statuses.push((await ask(RESPONSE)).status)
    statuses.push((await ask(RESPONSE, '/v1/responses', 'sk-other')).status)
    statuses.push((await ask(RESPONSE)).status, (await ask(RESPONSE)).status, (await ask(RESPONSE)).status)
    expect(statuses).toEqual([500, 200, 500, 503, 200])
    expect(upstream.control.stats().accounts['a']).toMatchObject({ faults: 3 })
  })

  it('strikes until cleared', async () => {
    const id = upstream.control.fault({ fault: { kind: 'status', status: 500 } })
    expect([(await ask(RESPONSE)).status, (await ask(RESPONSE)).status]).toEqual([500, 500])
    expect(upstream.control.faults()).toMatchObject([{ id, struck: 2 }])
    expect(upstream.control.clearFaults({ id })).toBe(1)
    expect((await ask(RESPONSE)).status).toBe(200)
  })

  it('strikes with a probability, the same requests for the same seed', async () => {
    const run = async () => {
      const seeded = await createMockUpstream({ seed: 7 })
      seeded.control.fault({ fault: { kind: 'status', status: 500 }, probability: 0.5 })
      const statuses = []
      for (let index = 0; index < 12; index++) {
        const headers = { authorization: 'Bearer k' }
        statuses.push((await fetch(`${seeded.url}/v1/models`, { headers })).status)
      }
      await seeded.close()
      return statuses
    }
    const first = await run()
    expect(new Set(first)).toEqual(new Set([200, 500]))
    expect(await run()).toEqual(first)
  })

  it.each([
    [{ kind: 'explode' }, 'fault rule.fault.kind must be one of status, delay,'],
    [{ kind: 'cut', afterEvent: 1 }, 'fault rule.fault has no field "afterEvent". Its fields are:'],
    [{ kind: 'cut', afterEvents: 1, afterBytes: 1 }, 'Give one place.'],
    [
      { kind: 'status', status: 99 },
      'fault rule.fault.status must be a whole number from 200 to 599; got 99.',
    ],
    [{ kind: 'redirect', location: 'a\nb' }, 'header "location" cannot be sent'],
  ])('refuses %j with what would be right', (fault, message) => {
    const rule = { fault: fault as never }
    expect(() => upstream.control.fault(rule)).toThrow(MockConfigError)
    expect(() => upstream.control.fault(rule)).toThrow(message)
  })
})
