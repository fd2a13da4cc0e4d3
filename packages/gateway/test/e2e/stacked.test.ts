/** Gateways in front of gateways. */
import { expect, it } from 'vitest'
import { gatewayForTest } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'

/** Whoever finds every account resting hears so at once. */
const pools = { default: { scheduler: { wait: { timeout: '20ms' } } } }
const ask = { json: { model: 'gpt-5.1', input: 'x' } }

it('two in a row do not multiply what an outage costs', async () => {
  const inner = await gatewayForTest({ pools })
  const outer = await gatewayForTest({
    pools,
    accounts: ['b1', 'b2', 'b3'].map(id => ({
      id,
      config: { baseUrl: `${inner.url}/v1`, apiKey: inner.key() },
    })),
  })
  expect((await outer.fetch('/v1/responses', ask)).status).toBe(200)
  expect(generations(inner.mock).at(-1)!.headers['x-headgate-hops']).toBe('2')
  inner.mock.fault({ fault: { kind: 'status', status: 500 } })
  const requests = 150
  for (let count = 0; count < requests; count++) {
    const answer = await outer.fetch('/v1/responses', ask)
    expect(answer.status).toBeGreaterThanOrEqual(429)
    await answer.text()
  }
  expect(generations(inner.mock).length - 1).toBeLessThanOrEqual(1.2 * requests)
})

it('one whose account is itself hears of it after three rounds, and keeps no slot', async () => {
  const gateway = await gatewayForTest({ accounts: [{ id: 'self' }] })
  await gateway.reload({
    accounts: [
      { id: 'self', config: { baseUrl: `${gateway.url}/v1`, apiKey: gateway.key(), concurrency: 50 } },
    ],
  })
  const answer = await gateway.fetch('/v1/responses', ask)
  expect([answer.status, (await answer.json()).error.message]).toEqual([
    508,
    'The upstream failed with status 508.',
  ])
  expect(
    await gateway.metric('headgate_upstream_attempts_total{account="self",outcome="client_error"}'),
  ).toBeLessThanOrEqual(4)
  expect(await gateway.slotsInUse()).toBe(0)
  expect(gateway.mock.requests()).toEqual([])
})
