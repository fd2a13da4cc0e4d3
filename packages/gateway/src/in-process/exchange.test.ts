import { createManualClock } from '@headgate/scheduler/memory'
import { expect, it } from 'vitest'
import { InProcessExchange } from './exchange.ts'
import { requestParts } from './request-parts.ts'

const stalledReaderMs = 30_000

function exchangeOf(init?: RequestInit) {
  const clock = createManualClock()
  const parts = requestParts('https://x.example/v1/models', init)
  return { clock, exchange: new InProcessExchange(parts, [], { clock, stalledReaderMs }) }
}

const chunk = new Uint8Array(16 * 1024)

it('lets 64 KiB wait for the reader, says when it is behind, and when it has caught up', async () => {
  const { exchange } = exchangeOf()
  let drained = 0
  exchange.onDrain(() => drained++)
  exchange.begin(200, [])
  expect([1, 2, 3, 4].map(() => exchange.write(chunk))).toEqual([true, true, true, false])
  const reader = (await exchange.response).body!.getReader()
  expect(drained).toBe(0)
  await reader.read()
  expect(drained).toBe(1)
  expect(exchange.write(chunk)).toBe(false)
})

it('counts a reader that takes nothing of a full buffer as gone', async () => {
  const { exchange, clock } = exchangeOf()
  exchange.begin(200, [])
  for (let count = 0; count < 4; count++) exchange.write(chunk)
  const { body } = await exchange.response
  clock.advance(stalledReaderMs - 1)
  expect(exchange.signal.aborted).toBe(false)
  clock.advance(1)
  expect(exchange.signal.aborted).toBe(true)
  await expect(body!.getReader().read()).rejects.toThrow('not read for too long')
  expect([exchange.write(chunk), exchange.begun]).toEqual([true, true])
})

it('lets a slow reader live that has not caught up yet', async () => {
  const { exchange, clock } = exchangeOf()
  exchange.begin(200, [])
  for (let count = 0; count < 6; count++) exchange.write(chunk)
  const reader = (await exchange.response).body!.getReader()
  clock.advance(stalledReaderMs - 1)
  await reader.read()
  clock.advance(stalledReaderMs)
  expect(exchange.signal.aborted).toBe(false)
  clock.advance(stalledReaderMs)
  expect(exchange.signal.aborted).toBe(true)
})

it('keeps what was written before its end for a reader that comes later', async () => {
  const { exchange, clock } = exchangeOf()
  exchange.begin(200, [])
  for (let count = 0; count < 6; count++) exchange.write(chunk)
  exchange.end()
  clock.advance(stalledReaderMs)
  expect((await (await exchange.response).arrayBuffer()).byteLength).toBe(6 * chunk.length)
})

it('rejects when it ends without a head, and cuts the body when it ends without an end', async () => {
  const { exchange: headless } = exchangeOf()
  headless.abandon()
  await expect(headless.response).rejects.toThrow('terminated')
  const { exchange: endless } = exchangeOf()
  endless.begin(200, [])
  endless.write(chunk)
  endless.abandon()
  await expect((await endless.response).arrayBuffer()).rejects.toThrow('terminated')
})

it('has no listener left on the caller’s signal once it is answered', async () => {
  const controller = new AbortController()
  const { exchange } = exchangeOf({ signal: controller.signal })
  exchange.begin(204, [['x-a', '1']])
  exchange.end()
  controller.abort()
  expect(exchange.signal.aborted).toBe(false)
  expect((await exchange.response).headers.get('x-a')).toBe('1')
})

it.each([
  ['https://api.openai.com/v1/responses?stream=true', '/v1/responses?stream=true'],
  ['https://gateway.example/team/v1/openai/v1/chat/completions', '/v1/chat/completions'],
  ['https://x.example/v1/models/a%2Fv1%2Fb', '/v1/models/a%2Fv1%2Fb'],
  ['https://x.example/responses', '/responses'],
])('routes %s as %s', (url, target) => {
  expect(requestParts(url).target).toBe(target)
})
