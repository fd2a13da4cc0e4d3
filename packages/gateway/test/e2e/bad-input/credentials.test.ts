/**
 * What is wrong with who asks, and what a client says of itself. A thousand wrong keys from one address:
 * `../wrong-keys.test.ts`.
 */
import { expect, it } from 'vitest'
import { eventually } from '../../fixtures/eventually.ts'
import { gatewayForTest } from '../../fixtures/gateway.ts'
import { running } from '../../fixtures/mock-log.ts'
import { credentialRows } from './credential-rows.ts'
import { badInput } from './suite.ts'

const create = { json: { model: 'gpt-5.1', input: 'x' } }

badInput('a bad credential or claim', credentialRows, () => {
  it('a key that was revoked is answered like one that never was', async () => {
    const own = await gatewayForTest({ clients: [{ name: 'team' }, { name: 'leaver' }] })
    const told = async (authorization: string): Promise<unknown> => {
      const answer = await fetch(`${own.url}/v1/models`, { headers: { authorization } })
      const { error } = (await answer.json()) as { error: unknown }
      const headers = [...answer.headers].filter(([name]) => !['date', 'x-request-id'].includes(name))
      return [answer.status, headers, error]
    }
    const revoked = `Bearer ${own.key('leaver')}`
    expect((await fetch(`${own.url}/v1/models`, { headers: { authorization: revoked } })).status).toBe(200)
    await own.reload({ clients: [{ name: 'team' }] })
    expect(await told(revoked)).toEqual(await told('Bearer hg-unknown-0123456789'))
    expect(await told(revoked)).toMatchObject({ 0: 401 })
  })

  it('a client beyond its concurrency or its rate is told when to come back, and reaches no upstream', async () => {
    const own = await gatewayForTest({
      clients: [
        { name: 'busy', concurrency: 1 },
        { name: 'spent', rates: { requestsPerMinute: 1 } },
      ],
    })
    expect((await own.fetch('/v1/responses', { ...create, client: 'spent' })).status).toBe(200)
    own.mock.fault({ fault: { kind: 'blackHole' } })
    const leave = new AbortController()
    const first = own.fetch('/v1/responses', { ...create, client: 'busy', signal: leave.signal })
    first.catch(() => {})
    await eventually(() => running(own.mock) === 1)
    const before = own.mock.requests().length
    for (const [client, code] of [
      ['busy', 'key_concurrency'],
      ['spent', 'client_rate_limited'],
    ] as const) {
      const answer = await own.fetch('/v1/responses', { ...create, client })
      expect([answer.status, (await answer.json()).error.code]).toEqual([429, code])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    }
    expect(own.mock.requests()).toHaveLength(before)
    leave.abort()
    await eventually(async () => (await own.slotsInUse()) === 0)
  })
})
