import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { createRates, type RateLimits, type Rates } from './rates.ts'

// The limiter's own time is `Date`.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000 }))
afterEach(() => void vi.useRealTimers())

const later = (ms: number): void => void vi.setSystemTime(Date.now() + ms)
const createTestRates = (): Rates => createRates({ wallMs: () => Date.now() })

/** `ok`, or the seconds a client is told to wait. */
async function outcome(step: Promise<void>): Promise<'ok' | number> {
  try {
    await step
    return 'ok'
  } catch (error) {
    if (isGatewayError(error) && error.code === 'client_rate_limited') return error.retryAfterMs! / 1000
    throw error
  }
}

function requests(rates: Rates, limits: RateLimits, client = 'a') {
  return outcome(rates.charge(client, limits).request())
}

async function use(rates: Rates, limits: RateLimits, tokens: { estimated: number; used?: number }) {
  const charge = rates.charge('a', limits)
  const result = await outcome(charge.tokens(tokens.estimated))
  return { result, charge, end: () => charge.settle(tokens.used) }
}

const told = (headers: readonly (readonly [string, string])[]) => Object.fromEntries(headers)

describe('requests a minute', () => {
  const limits = { requestsPerMinute: 2 }

  it('are let in up to the limit, and told how long the minute still lasts beyond it', async () => {
    const rates = createTestRates()
    expect(await requests(rates, limits)).toBe('ok')
    later(15_000)
    expect(await requests(rates, limits)).toBe('ok')
    expect(await requests(rates, limits)).toBe(45)
    later(45_000)
    expect(await requests(rates, limits)).toBe('ok')
  })

  it('are each client’s own', async () => {
    const rates = createTestRates()
    for (const client of ['a', 'a', 'b']) expect(await requests(rates, limits, client)).toBe('ok')
    expect(await requests(rates, limits, 'a')).toBe(60)
  })

  it('stay counted when a reload leaves the limits as they are, and begin anew with others', async () => {
    const rates = createTestRates()
    for (let i = 0; i < 2; i++) await requests(rates, limits)
    rates.retain(new Set(['a']))
    expect(await requests(rates, { ...limits })).toBe(60)
    expect(await requests(rates, { requestsPerMinute: 3 })).toBe('ok')
  })
})

describe('tokens a minute', () => {
  const limits = { tokensPerMinute: 1000 }

  it('are taken by estimate', async () => {
    const rates = createTestRates()
    expect((await use(rates, limits, { estimated: 600 })).result).toBe('ok')
    expect((await use(rates, limits, { estimated: 600 })).result).toBe(60)
    // What was refused was not spent.
    expect((await use(rates, limits, { estimated: 400 })).result).toBe('ok')
  })

  it('are given back as far as they were not used', async () => {
    const rates = createTestRates()
    const { end } = await use(rates, limits, { estimated: 1000, used: 100 })
    end()
    expect((await use(rates, limits, { estimated: 901 })).result).toBe(60)
    expect((await use(rates, limits, { estimated: 900 })).result).toBe('ok')
  })

  it('are charged for what was used beyond the estimate', async () => {
    const rates = createTestRates()
    const { end } = await use(rates, limits, { estimated: 10, used: 5000 })
    end()
    expect((await use(rates, limits, { estimated: 1 })).result).toBe(60)
  })

  it('stay as estimated when nobody says what was used', async () => {
    const rates = createTestRates()
    const { end } = await use(rates, limits, { estimated: 1000 })
    end()
    expect((await use(rates, limits, { estimated: 1 })).result).toBe(60)
  })

  it('are not given back to a later minute', async () => {
    const rates = createTestRates()
    const { end } = await use(rates, limits, { estimated: 1000, used: 0 })
    later(60_000)
    expect((await use(rates, limits, { estimated: 500 })).result).toBe('ok')
    end()
    expect((await use(rates, limits, { estimated: 501 })).result).toBe(60)
  })

  it('are given back once', async () => {
    const rates = createTestRates()
    const { end } = await use(rates, limits, { estimated: 600, used: 0 })
    await use(rates, limits, { estimated: 400 })
    end()
    end()
    expect((await use(rates, limits, { estimated: 601 })).result).toBe(60)
  })

  it('let in a request larger than a whole minute’s when nothing of the minute was used', async () => {
    const rates = createTestRates()
    expect((await use(rates, limits, { estimated: 5000 })).result).toBe('ok')
    expect((await use(rates, limits, { estimated: 1 })).result).toBe(60)
  })
})

describe('a request that is refused for its tokens', () => {
  const limits = { requestsPerMinute: 2, tokensPerMinute: 1000 }
  const ask = async (rates: Rates, estimated: number) => {
    const charge = rates.charge('a', limits)
    const request = await outcome(charge.request())
    return request === 'ok' ? outcome(charge.tokens(estimated)) : 'no request left'
  }

  it('is not counted as a request, and tells so', async () => {
    const rates = createTestRates()
    expect(await ask(rates, 900)).toBe('ok')
    for (let i = 0; i < 5; i++) expect(await ask(rates, 900)).toBe(60)
    const refused = rates.charge('a', limits)
    await refused.request()
    await outcome(refused.tokens(900))
    expect(told(refused.headers)).toMatchObject({ 'x-ratelimit-remaining-requests': '1' })
    expect(await ask(rates, 100)).toBe('ok')
    expect(await ask(rates, 100)).toBe('no request left')
  })

  it('is given back to no later minute', async () => {
    const rates = createTestRates()
    const slow = rates.charge('a', limits)
    await slow.request()
    later(60_000)
    expect(await ask(rates, 900)).toBe('ok')
    expect(await outcome(slow.tokens(900))).toBe(60)
    expect(await ask(rates, 50)).toBe('ok')
    expect(await ask(rates, 50)).toBe('no request left')
  })
})

it('tells the client its limits, what is left of them, and when they are whole again', async () => {
  const rates = createTestRates()
  const limits = { requestsPerMinute: 10, tokensPerMinute: 1000 }
  const first = rates.charge('a', limits)
  await first.request()
  expect(told(first.headers)).toEqual({
    'x-ratelimit-limit-requests': '10',
    'x-ratelimit-remaining-requests': '9',
    'x-ratelimit-reset-requests': '1m0s',
    'x-ratelimit-limit-tokens': '1000',
    'x-ratelimit-remaining-tokens': '1000',
    'x-ratelimit-reset-tokens': '0ms',
  })
  await first.tokens(300)
  later(29_500)
  const second = rates.charge('a', limits)
  await second.request()
  await outcome(second.tokens(800))
  expect(told(second.headers)).toMatchObject({
    'x-ratelimit-remaining-requests': '9',
    'x-ratelimit-reset-requests': '30.5s',
    'x-ratelimit-remaining-tokens': '700',
    'x-ratelimit-reset-tokens': '30.5s',
  })
})
