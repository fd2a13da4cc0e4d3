/** Rate limits that upstreams report, through real sockets: kept to before the upstream has to refuse. */
import type { AccountProfile } from '@headgate/mock-upstream'
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { accountsAsked, generations } from '../fixtures/mock-log.ts'

let conversations = 0

/** Each begins a conversation of its own, which no account is bound to. */
const send = (gateway: TestGateway): Promise<Response> =>
  gateway.fetch('/v1/responses', { json: { model: 'gpt-5.1', input: `hello ${++conversations}` } })
const refused = (gateway: TestGateway) => generations(gateway.mock).filter(({ status }) => status === 429)
const shortWaits = { default: { scheduler: { wait: { timeout: '50ms', ownerTimeout: '50ms' } } } }

const fourAccounts = (profile: Omit<AccountProfile, 'name'>) =>
  ['a1', 'a2', 'a3', 'a4'].map(id => ({ id, profile, config: { concurrency: 64 } }))

/** One answer of every account, so that each has said what is left of it. */
async function hearAll(gateway: TestGateway): Promise<void> {
  while (new Set(accountsAsked(gateway.mock)).size < 4) await (await send(gateway)).text()
}

/** As many requests at once as would spend every account twice over; answers how many were served. */
async function burst(gateway: TestGateway, count: number): Promise<number> {
  const answers = await Promise.all(Array.from({ length: count }, () => send(gateway)))
  await Promise.all(answers.map(answer => answer.text()))
  return answers.filter(({ status }) => status === 200).length
}

describe('limits before the 429', () => {
  // 1000 tokens a minute, of which each request takes 20 and a few. The headers come late: what is on its way counts.
  const tokens = { outputTokens: 20, ttftMs: 30, rateLimit: { tokensPerMinute: 1000 } }

  it('a burst beyond all token limits is served as far as they go, and no upstream has to refuse', async () => {
    const gateway = await gatewayForTest({ accounts: fourAccounts(tokens), pools: shortWaits })
    await hearAll(gateway)
    const served = await burst(gateway, 300)
    expect(refused(gateway)).toHaveLength(0)
    expect(served).toBeGreaterThan(40)
  })

  it('the same burst runs into refusals where the upstreams report nothing', async () => {
    const silent = { ...tokens, rateLimitHeaders: 'negative' } as const
    const gateway = await gatewayForTest({ accounts: fourAccounts(silent), pools: shortWaits })
    await hearAll(gateway)
    await burst(gateway, 300)
    expect(refused(gateway).length).toBeGreaterThanOrEqual(4)
  })

  it('what nobody has left is refused here, with the time when the first will have some', async () => {
    const gateway = await gatewayForTest({
      accounts: fourAccounts({ rateLimit: { requestsPerMinute: 5 } }),
      pools: shortWaits,
    })
    const answers: Response[] = []
    for (let i = 0; i < 25; i++) answers.push(await send(gateway))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(refused(gateway)).toHaveLength(0)
    const last = answers.at(-1)!
    expect([last.status, await last.json()]).toMatchObject([
      429,
      { error: { code: 'accounts_rate_limited' } },
    ])
    const retryAfter = Number(last.headers.get('retry-after'))
    // Five a minute: the next one is there after twelve seconds, and not after the minute that a full bucket takes.
    // The last of those turned away in a row is told a time in the half after that.
    expect([retryAfter >= 8, retryAfter <= 18]).toEqual([true, true])
  })

  it('accounts of one limit domain share what is left', async () => {
    const gateway = await gatewayForTest({
      accounts: ['a1', 'a2'].map(id => ({
        id,
        profile: { rateLimit: { requestsPerMinute: 5 } },
        config: { limitDomain: 'project' },
      })),
      pools: shortWaits,
    })
    const statuses: number[] = []
    for (let i = 0; i < 10; i++) statuses.push((await send(gateway)).status)
    expect(refused(gateway)).toHaveLength(0)
    // Each account of the mock has a bucket of its own: the last one heard counts for both.
    expect(statuses.filter(status => status === 200).length).toBeLessThan(10)
  })
})

describe('a 429 that comes all the same', () => {
  it('leaves the account to the other models, says when that one can be had, and tells an operator of it', async () => {
    const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }], pools: shortWaits })
    const fault = { kind: 'status', status: 429, retryAfterMs: 20_000 } as const
    const ask = async (model: string) => {
      const answer = await gateway.fetch('/v1/responses', { json: { model, input: 'hello' } })
      return { answer, body: await answer.json() }
    }
    gateway.mock.fault({ account: 'a1', fault, times: 1 })
    await ask('gpt-5.1')
    const { answer, body } = await ask('gpt-5.1')
    expect([answer.status, body]).toMatchObject([429, { error: { code: 'accounts_rate_limited' } }])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(15)
    expect((await ask('gpt-5-mini')).answer.status).toBe(200)
    expect(generations(gateway.mock)).toHaveLength(2)
    const events =
      'headgate_account_events_total{pool="default",account="a1",to="cooling_down",reason="rate_limited"}'
    expect(await gateway.metric(events)).toBe(1)
  })
})

describe('a pool’s rules for answers that block an account', () => {
  const pools = {
    default: { blocks: [{ status: 403, words: ['organization disabled'], for: '30m' }] },
  }

  it('the account rests, the request goes to another', async () => {
    const gateway = await gatewayForTest({ accounts: [{ id: 'a1' }, { id: 'a2' }], pools })
    const message = 'Organization disabled: ask your administrator.'
    gateway.mock.fault({ account: 'a1', fault: { kind: 'status', status: 403, message } })
    for (let i = 0; i < 10; i++) expect((await send(gateway)).status).toBe(200)
    expect(accountsAsked(gateway.mock).filter(account => account === 'a1')).toHaveLength(1)
    expect(
      await gateway.metric('headgate_account_state{pool="default",account="a1",state="cooling_down"}'),
    ).toBe(1)
    expect(await gateway.metric('headgate_upstream_attempts_total{account="a1",outcome="blocked"}')).toBe(1)
  })
})
