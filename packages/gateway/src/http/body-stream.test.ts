import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { PulledBody } from './body-stream.ts'
import { defaultHttpLimits } from './limits.ts'

const limits = { ...defaultHttpLimits, bodyWindowMs: 1000, bodyMinBytes: 100 }

function pulled(limitBytes = 10_000) {
  const clock = createManualClock()
  const wire = new PassThrough({ highWaterMark: 64 })
  const body = new PulledBody(wire as unknown as IncomingMessage, undefined, { limitBytes, limits, clock })
  return { clock, wire, body }
}

const soon = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const outcomeOf = (pull: Promise<unknown>): Promise<unknown> =>
  pull.then(
    next => next,
    (error: { code?: string }) => error.code,
  )

describe('a body that is pulled', () => {
  it('takes nothing off the wire that nobody asks for', async () => {
    const { wire, body } = pulled()
    let accepted = 0
    while (wire.write(Buffer.alloc(16))) accepted++
    await soon()
    expect(wire.writableNeedDrain).toBe(true)
    const { value } = await body.next()
    expect(value!.length).toBeGreaterThan(0)
    expect(accepted).toBeLessThan(20)
  })

  it('gives a pull what comes later, and ends with its sender', async () => {
    const { wire, body } = pulled()
    const first = body.next()
    wire.write('abc')
    expect(Buffer.from((await first).value!).toString()).toBe('abc')
    const last = body.next()
    wire.end()
    expect(await last).toEqual({ done: true, value: undefined })
    expect((await body.next()).done).toBe(true)
  })

  it('ends a waiting pull when it is cancelled, and fails it with what went wrong', async () => {
    const cancelled = pulled()
    const pull = cancelled.body.next()
    cancelled.body.cancel()
    expect((await pull).done).toBe(true)
    const failed = pulled()
    const other = failed.body.next()
    failed.body.fail(new Error('gone'))
    await expect(other).rejects.toThrow('gone')
    await expect(failed.body.next()).rejects.toThrow('gone')
  })

  it('is too large when it has grown beyond the limit', async () => {
    const { wire, body } = pulled(10)
    wire.write('0123456789a')
    await soon()
    expect(await outcomeOf(body.next())).toBe('body_too_large')
  })

  it('is dropped when its sender drips', async () => {
    const { clock, wire, body } = pulled()
    for (let byte = 0; byte < 4; byte++) {
      const pull = body.next()
      await clock.advance(240)
      wire.write('x')
      await pull
    }
    const last = outcomeOf(body.next())
    await clock.advance(40)
    expect(await last).toBe('body_timeout')
  })

  it('may take as long as it likes while its upstream is the slow one', async () => {
    const { clock, wire, body } = pulled()
    for (let round = 0; round < 5; round++) {
      const pull = body.next()
      wire.write('x')
      await pull
      await clock.advance(60_000)
    }
    expect(await outcomeOf(Promise.race([body.next(), soon()]))).toBeUndefined()
  })
})
