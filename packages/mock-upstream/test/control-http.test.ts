import { afterEach, expect, it } from 'vitest'
import { createManualClock, createMockUpstream, type MockUpstream } from '../src/index.ts'

let upstream: MockUpstream
afterEach(() => upstream.close())

const control = async (method: string, path: string, body?: unknown) => {
  const response = await fetch(`${upstream.url}/__mock/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as never as Record<string, never> }
}
const models = async (key = 'sk-a') =>
  (await fetch(`${upstream.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } })).status
const generate = async (key = 'sk-a') => {
  const headers = { authorization: `Bearer ${key}` }
  const body = JSON.stringify({ model: 'gpt-5.1', input: 'x' })
  return (await fetch(`${upstream.url}/v1/responses`, { method: 'POST', headers, body })).status
}

it('sets, lists and clears faults', async () => {
  upstream = await createMockUpstream()
  const fault = { kind: 'status', status: 500 }
  expect(await control('POST', 'faults', [{ fault }, { fault, account: 'b' }])).toMatchObject({
    status: 200,
    body: { ids: ['fault-1', 'fault-2'] },
  })
  expect(await models()).toBe(500)
  expect((await control('GET', 'faults')).body).toMatchObject({ faults: [{ struck: 1 }, { struck: 0 }] })
  expect((await control('DELETE', 'faults?id=fault-1')).body).toEqual({ cleared: 1 })
  expect(await models()).toBe(200)
  expect((await control('DELETE', 'faults')).body).toEqual({ cleared: 1 })
})

it('says what is wrong with an order', async () => {
  upstream = await createMockUpstream({ accounts: { 'sk-a': { name: 'a' } } })
  const refused = await control('POST', 'faults', { fault: { kind: 'cut' }, endpoint: 'responses' })
  expect(refused.status).toBe(400)
  expect(refused.body).toMatchObject({ error: { message: expect.stringContaining('"responses.create"') } })
  expect((await control('POST', 'profile', { account: 'z', ttftMs: 1 })).body).toMatchObject({
    error: { message: 'There is no account "z". The accounts are: a.' },
  })
  expect((await control('POST', 'nothing', {})).status).toBe(400)
  expect((await control('DELETE', 'faults?acount=a')).status).toBe(400)
})

it('reports stats and requests, and resets them', async () => {
  upstream = await createMockUpstream({ accounts: { 'sk-a': { name: 'a' } } })
  await generate()
  expect((await control('GET', 'stats')).body).toMatchObject({
    accounts: { a: { requests: 1, storedResponses: 1 } },
  })
  expect((await control('GET', 'requests')).body).toMatchObject({
    requests: [{ endpoint: 'responses.create' }],
  })
  await control('POST', 'reset')
  expect((await control('GET', 'stats')).body).toMatchObject({
    accounts: { a: { requests: 0, storedResponses: 0 } },
  })
  expect((await control('GET', 'requests')).body).toEqual({ requests: [] })
})

it('runs a script by the clock and by the count of requests, and heals', async () => {
  const clock = createManualClock()
  upstream = await createMockUpstream({ clock, accounts: { 'sk-a': { name: 'a' }, 'sk-b': { name: 'b' } } })
  await control('POST', 'scenario', [
    { at: { afterRequests: 2 }, account: 'a', fault: { kind: 'status', status: 503 } },
    { at: 1000, account: 'a', heal: true },
    { at: 2000, account: 'b', profile: { models: ['gpt-0'] } },
    { at: 3000, heal: true },
  ])
  expect([await generate(), await generate('sk-b'), await generate()]).toEqual([200, 200, 200])
  expect([await generate(), await generate('sk-b')]).toEqual([503, 200])
  clock.advance(1000)
  expect(await generate()).toBe(200)
  clock.advance(1000)
  expect(await generate('sk-b')).toBe(404)
  clock.advance(1000)
  expect(await generate('sk-b')).toBe(200)
})

it('refuses a script with a wrong step and changes nothing', async () => {
  upstream = await createMockUpstream()
  const refused = await control('POST', 'scenario', [{ at: 0, fault: { kind: 'blackHole' } }, { at: 5 }])
  expect(refused.body).toMatchObject({
    error: { message: 'scenario[1] needs one of: fault, profile, heal: true.' },
  })
  expect(upstream.control.faults()).toEqual([])
})

it('refuses options that cannot be meant, naming the account and the field', async () => {
  upstream = await createMockUpstream()
  await expect(createMockUpstream({ accounts: { k: { name: 'eu', ttftMs: -1 } } })).rejects.toThrow(
    'accounts[eu].ttftMs must be a number from 0 to 3600000; got -1.',
  )
  await expect(createMockUpstream({ accounts: { k: { name: 'x' }, l: { name: 'x' } } })).rejects.toThrow(
    'Two accounts are called "x".',
  )
})
