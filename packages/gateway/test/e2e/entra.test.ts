/** An Azure account that lives on tokens of Entra ID, through real sockets. */
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestAccount } from '../fixtures/gateway.ts'
import { accountsAsked, generations } from '../fixtures/mock-log.ts'

const model = 'gpt-5.1'
const secret = 'entra~canary-0123456789'
const profile = {
  dialect: 'azure',
  entra: { tenant: 'here', clientId: 'app', clientSecret: secret },
} as const

/** Fields of the file for such an account. */
const fields =
  (auth: object = {}) =>
  (mockUrl: string) => ({
    ...{ kind: 'azure', baseUrl: `${mockUrl}/openai/v1`, apiKey: undefined, capabilities: {} },
    auth: {
      kind: 'entra',
      tenantId: 'here',
      clientId: 'app',
      clientSecret: secret,
      authority: mockUrl,
      ...auth,
    },
  })
const azure = (auth?: object): TestAccount => ({ id: 'az', profile, config: fields(auth) })
const chat = { json: { model, messages: [{ role: 'user', content: 'hello' }] } }

describe('an account of Azure with client credentials', () => {
  it('is asked with a token, of which one fetch is enough, and with no key', async () => {
    const gateway = await gatewayForTest({ accounts: [azure()] })
    for (let request = 0; request < 3; request++) {
      const answer = await gateway.fetch('/v1/chat/completions', chat)
      expect(answer.status).toBe(200)
      expect(await answer.text()).not.toMatch(/eyJ|canary/)
    }
    const asked = generations(gateway.mock)
    expect(asked.map(({ account }) => account)).toEqual(['az', 'az', 'az'])
    expect(asked[0]!.headers).not.toHaveProperty('api-key')
    const fetches = gateway.mock.requests().filter(({ endpoint }) => endpoint === 'entra.token')
    expect(fetches).toHaveLength(1)
    expect(await gateway.metric('headgate_account_token_fetches_total{account="az",result="ok"}')).toBe(1)
    expect(await gateway.metric('headgate_account_token_valid_seconds{account="az"}')).toBeGreaterThan(3000)
  })

  it('gets a fresh token when its own is refused, and the client hears nothing of it', async () => {
    const gateway = await gatewayForTest({ accounts: [azure()] })
    gateway.mock.fault({ endpoint: 'chat.completions', fault: { kind: 'status', status: 401 }, times: 1 })
    const answer = await gateway.fetch('/v1/chat/completions', chat)
    expect(answer.status).toBe(200)
    expect(generations(gateway.mock).map(({ status }) => status)).toEqual([401, 200])
    expect(await gateway.metric('headgate_account_token_fetches_total{account="az",result="ok"}')).toBe(2)
  })

  it('is out of order when its fresh token is refused too, and another account serves', async () => {
    const pools = { default: { accounts: ['*'], scheduler: { topK: 1 } } }
    const accounts = [azure(), { id: 'spare', config: { priority: 9 } }]
    const gateway = await gatewayForTest({ accounts, pools })
    gateway.mock.fault({
      account: 'az',
      endpoint: 'chat.completions',
      fault: { kind: 'status', status: 401 },
    })
    const answers = [
      await gateway.fetch('/v1/chat/completions', chat),
      await gateway.fetch('/v1/chat/completions', chat),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200])
    expect(accountsAsked(gateway.mock)).toEqual(['az', 'az', 'spare', 'spare'])
  })

  it('tells no one its secret when that is refused, and works again after a reload with the right one', async () => {
    const gateway = await gatewayForTest({ accounts: [azure({ clientSecret: 'wrong~canary-987654321' })] })
    const answer = await gateway.fetch('/v1/chat/completions', chat)
    expect(answer.status).toBe(502)
    const text = await answer.text()
    expect(text).toContain('"code":"upstream_auth"')
    expect(text).not.toMatch(/canary|AADSTS|app/)
    expect(await gateway.metric('headgate_account_token_valid_seconds{account="az"}')).toBe(0)
    await gateway.reload({ accounts: [azure()] })
    expect((await gateway.fetch('/v1/chat/completions', chat)).status).toBe(200)
  })

  it('counts an endpoint that is away as a fault of the way, not of the credential', async () => {
    const gateway = await gatewayForTest({ accounts: [azure({ authority: 'http://127.0.0.1:1' })] })
    const answer = await gateway.fetch('/v1/chat/completions', chat)
    expect(answer.status).toBe(502)
    expect(await answer.json()).toMatchObject({ error: { code: 'upstream_unreachable' } })
  })
})
