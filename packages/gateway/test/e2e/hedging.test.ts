/** A hedge over real sockets: what an upstream of two sees, and what the client does. */
import { describe, expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { generations, running } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const slow = { id: 'slow', profile: { ttftMs: 600_000 } }
const fast = { id: 'fast' }
const pools = { default: { accounts: ['*'], hedge: { after: '50ms', budget: 0.5 } } }

/** Streams, one after the other, until one of them was sent to two accounts. */
async function untilHedged(gateway: TestGateway): Promise<string> {
  const sdk = gateway.sdk()
  for (let count = 1; ; count++) {
    let told = ''
    const stream = await sdk.responses.create({ model, input: `Hello ${count}`, stream: true })
    for await (const event of stream) told += `${event.type} `
    if (generations(gateway.mock).length > count) return told
  }
}

describe('a stream of a slow account in a pool that hedges', () => {
  it('is answered by a fast one, whole, and the slow one is cut off and forgotten', async () => {
    const gateway = await gatewayForTest({ accounts: [slow, fast], pools })
    const told = await untilHedged(gateway)
    expect(told.match(/response\.created/g)).toHaveLength(1)
    expect(told).toMatch(/response\.completed $/)
    expect(await gateway.metric('headgate_hedges_total{pool="default",result="won"}')).toBe(1)
    await eventually(async () => running(gateway.mock) === 0 && (await gateway.slotsInUse()) === 0)
    const last = generations(gateway.mock).slice(-2)
    expect(last.map(({ account, aborted }) => [account, aborted])).toEqual([
      ['slow', true],
      ['fast', false],
    ])
    // What the slow one may have stored was asked to be deleted there.
    await eventually(() =>
      gateway.mock.requests().some(({ method, account }) => method === 'DELETE' && account === 'slow'),
    )
    // Slowness is not a fault.
    expect(await gateway.metric('headgate_account_error_rate{pool="default",account="slow"}')).toBe(0)
  })
})
