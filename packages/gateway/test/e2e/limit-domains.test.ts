/** Whose limit is whose, through real sockets: what one account or alias uses is missing from the others. */
import { expect, it } from 'vitest'
import { type FileFields, gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'

const profile = { rateLimit: { requestsPerMinute: 6 } }
const pools = { default: { scheduler: { wait: { timeout: '20ms' } } } }
let conversations = 0

/** Twelve requests in turn, for these models in turn: the statuses that the upstream gave. */
async function spend(gateway: TestGateway, models: readonly string[]): Promise<(number | null)[]> {
  for (let request = 0; request < 12; request++) {
    const model = models[request % models.length]
    const json = { model, input: `hello ${++conversations}` }
    await (await gateway.fetch('/v1/responses', { json })).text()
  }
  return generations(gateway.mock).map(({ status }) => status)
}

/** Two accounts that share one key upstream, and so one limit. */
async function twins(config: FileFields): Promise<TestGateway> {
  const gateway = await gatewayForTest({ accounts: [{ id: 'a', profile, config }], pools })
  const twin = { id: 'b', config: { ...config, apiKey: gateway.upstreamKey('a') } }
  await gateway.reload({ accounts: [{ id: 'a', config }, twin], pools })
  return gateway
}

it('accounts of one limit domain are sent what they have left together', async () => {
  const gateway = await twins({ limitDomain: 'project' })
  expect(await spend(gateway, ['gpt-5.1'])).toEqual([200, 200, 200, 200, 200, 200])
})

it('accounts that say nothing of it find out from the upstream', async () => {
  expect(await spend(await twins({}), ['gpt-5.1'])).toContain(429)
})

it('two names of one model upstream share its limit', async () => {
  const config = { models: { fast: 'gpt-5.1', smart: 'gpt-5.1' } }
  const gateway = await gatewayForTest({ accounts: [{ id: 'a', profile, config }], pools })
  expect(await spend(gateway, ['fast', 'smart'])).toEqual([200, 200, 200, 200, 200, 200])
})
