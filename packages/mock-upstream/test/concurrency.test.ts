import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createManualClock,
  createMockUpstream,
  type MockUpstream,
  type MockUpstreamOptions,
} from '../src/index.ts'
import { bodyOf, eventTypes, KEY, post, postText, readToClose, readUntil, until } from './raw-client.ts'

let upstream: MockUpstream
afterEach(() => upstream.close())

const STREAM = { model: 'gpt-5.1', input: 'hello', stream: true }
const clock = createManualClock()
const start = async (options: MockUpstreamOptions) => {
  upstream = await createMockUpstream({ clock, ...options })
}
const account = () => upstream.control.stats().total

describe('counting what runs', () => {
  it('counts a stream until its last byte', async () => {
    await start({ defaults: { ttftMs: 100, tokensPerSecond: 10, outputTokens: 3 } })
    const socket = post(upstream, '/v1/responses', STREAM)
    const deltas = (count: number) => (text: string) =>
      text.split('event: response.output_text.delta').length > count
    await readUntil(socket, text => text.includes('response.in_progress'))
    clock.advance(99)
    expect(socket.readableLength).toBe(0)
    clock.advance(1)
    await readUntil(socket, deltas(1))
    expect(account().concurrency).toEqual({ current: 1, max: 1 })
    clock.advance(100)
    await readUntil(socket, deltas(1))
    clock.advance(100)
    await readUntil(socket, text => text.includes('response.completed'))
    await until(() => account().concurrency.current === 0)
    expect(account()).toMatchObject({ concurrency: { current: 0, max: 1 }, aborted: 0, byStatus: { 200: 1 } })
    expect(clock.pendingTimers).toBe(0)
    socket.destroy()
  })

  it('makes up for a late timer, so that the pace holds', async () => {
    await start({ defaults: { tokensPerSecond: 10, outputTokens: 5 } })
    const socket = post(upstream, '/v1/responses', STREAM)
    await readUntil(socket, text => text.includes('output_text.delta'))
    await until(() => clock.pendingTimers === 1)
    clock.advance(400)
    const rest = await readUntil(socket, text => text.includes('response.completed'))
    expect(eventTypes(rest).filter(type => type === 'response.output_text.delta').length).toBe(4)
    socket.destroy()
  })

  it('knows the maximum over several sockets', async () => {
    await start({ defaults: { ttftMs: 50 } })
    const sockets = [1, 2, 3].map(() => post(upstream, '/v1/responses', STREAM))
    await until(() => clock.pendingTimers === 3)
    clock.advance(50)
    await Promise.all(sockets.map(socket => readUntil(socket, text => text.includes('response.completed'))))
    await until(() => account().concurrency.current === 0)
    expect(account().concurrency.max).toBe(3)
    for (const socket of sockets) socket.destroy()
  })

  it('frees the place, and stops generating, when the client leaves before the first token', async () => {
    await start({ defaults: { ttftMs: 60_000 } })
    const socket = post(upstream, '/v1/responses', STREAM)
    await until(() => clock.pendingTimers === 1)
    socket.destroy()
    await until(() => account().concurrency.current === 0)
    expect(clock.pendingTimers).toBe(0)
    expect(account().aborted).toBe(1)
    expect(upstream.control.requests()[0]).toMatchObject({ aborted: true, status: 200 })
  })

  it('frees the place when the client leaves between two tokens', async () => {
    await start({ defaults: { tokensPerSecond: 1, outputTokens: 100 } })
    const socket = post(upstream, '/v1/chat/completions', {
      ...STREAM,
      messages: [{ role: 'user', content: 'x' }],
    })
    await readUntil(socket, text => text.includes('"content":"This"'))
    socket.resetAndDestroy()
    await until(() => account().concurrency.current === 0)
    expect(clock.pendingTimers).toBe(0)
    expect(account().aborted).toBe(1)
  })

  it('frees the places of pipelined requests together', async () => {
    await start({ defaults: { ttftMs: 60_000 } })
    const socket = post(upstream, '/v1/responses', STREAM)
    socket.write(postText('/v1/responses', STREAM))
    await until(() => clock.pendingTimers === 2)
    expect(account().concurrency.current).toBe(2)
    socket.destroy()
    await until(() => account().concurrency.current === 0)
    expect(clock.pendingTimers).toBe(0)
  })

  it('does not count retrievals', async () => {
    await start({})
    const headers = { authorization: `Bearer ${KEY}`, connection: 'close' }
    await fetch(`${upstream.url}/v1/models`, { headers })
    expect(account()).toMatchObject({ requests: 1, concurrency: { max: 0 } })
  })
})

describe('the limit', () => {
  const limited = { accounts: { [KEY]: { ttftMs: 50, concurrency: 1 } } }

  it('refuses one generation too many with 429 and remembers the violation', async () => {
    await start(limited)
    const first = post(upstream, '/v1/responses', STREAM)
    await until(() => clock.pendingTimers === 1)
    const refused = post(upstream, '/v1/responses', STREAM)
    const answer = await readUntil(refused, text => text.includes('rate_limit_exceeded'))
    expect(answer).toMatch(/^HTTP\/1.1 429 /)
    clock.advance(50)
    await readUntil(first, text => text.includes('response.completed'))
    await until(() => account().concurrency.current === 0)
    expect(account()).toMatchObject({ concurrencyRefused: 1, concurrency: { max: 2 } })
    const next = post(upstream, '/v1/responses', STREAM)
    await until(() => clock.pendingTimers === 1)
    expect(account().concurrencyRefused).toBe(1)
    for (const socket of [first, refused, next]) socket.destroy()
  })

  it('sees no violation when a client drops one stream and opens the next at once', async () => {
    await start(limited)
    const headers = { authorization: `Bearer ${KEY}`, connection: 'close' }
    const sockets = Array.from({ length: 20 }, () => connect(upstream.port, '127.0.0.1'))
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    // The mock has accepted them all once it has answered a later one.
    await fetch(`${upstream.url}/v1/models`, { headers })
    for (const [index, socket] of sockets.entries()) {
      // One poll of the mock's event loop finds both; concurrency.test.ts has every order.
      sockets[index - 1]?.destroy()
      socket.write(postText('/v1/responses', STREAM))
      await until(() => account().requests === index + 2 && account().concurrency.current === 1)
      await until(() => clock.pendingTimers === 1)
    }
    expect(account()).toMatchObject({
      concurrencyRefused: 0,
      aborted: 19,
      concurrency: { current: 1, max: 1 },
    })
    sockets.at(-1)!.destroy()
  })
})

it('waits for a slow reader instead of buffering the reply', async () => {
  await start({ defaults: { outputTokens: 60_000 } })
  const socket = post(upstream, '/v1/responses', STREAM)
  socket.pause()
  await until(() => typeof upstream.control.requests()[0]?.responseId === 'string')
  const { responseId } = upstream.control.requests()[0]!
  const stored = async () => {
    const headers = { authorization: `Bearer ${KEY}`, connection: 'close' }
    return (await fetch(`${upstream.url}/v1/responses/${responseId}`, { headers })).json()
  }
  for (let turn = 0; turn < 20; turn++) expect(await stored()).toMatchObject({ status: 'in_progress' })
  const reading = readToClose(socket)
  socket.on('data', chunk => String(chunk).includes('event: response.completed') && socket.end())
  socket.resume()
  const { text } = await reading
  expect(bodyOf(text).match(/event: response.output_text.delta/g)?.length).toBe(60_000)
  expect(await stored()).toMatchObject({ status: 'completed' })
})
