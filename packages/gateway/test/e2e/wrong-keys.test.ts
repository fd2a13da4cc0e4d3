/** Who tries key after key is slowed down, by the address it really comes from; who has a right key is not. */
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'

async function tryKey(
  gateway: TestGateway,
  key: string,
  from?: string,
): Promise<{ status: number; code: string | undefined; retryAfter: string | null }> {
  const answer = await gateway.fetch('/v1/models', {
    headers: {
      authorization: `Bearer ${key}`,
      ...(from === undefined ? {} : { 'x-forwarded-for': from }),
    },
  })
  const body = (await answer.json()) as { error?: { code: string } }
  return { status: answer.status, code: body.error?.code, retryAfter: answer.headers.get('retry-after') }
}

/** Tries so many wrong keys, each from the address named; those that were not even called wrong. */
async function throttled(gateway: TestGateway, times: number, from?: (i: number) => string) {
  const answers = await Promise.all(
    Array.from({ length: times }, (_, i) => tryKey(gateway, `wrong-key-number-${i}`, from?.(i))),
  )
  return answers.filter(({ status }) => status !== 401)
}

describe('a thousand wrong keys from one address', () => {
  it('are throttled after the first, while a right key from there is served', async () => {
    const gateway = await gatewayForTest()
    const refused = await throttled(gateway, 1000)
    expect(refused.length).toBeGreaterThan(900)
    for (const { status, code, retryAfter } of refused) {
      expect([status, code]).toEqual([429, 'too_many_wrong_keys'])
      expect(['1', '2']).toContain(retryAfter)
    }
    expect((await tryKey(gateway, gateway.key())).status).toBe(200)
  })

  it('are one address’ although each says that it comes from another', async () => {
    const gateway = await gatewayForTest()
    expect((await throttled(gateway, 100, i => `203.0.113.${i}`)).length).toBeGreaterThan(50)
  })
})

describe('behind a trusted proxy', () => {
  const trusting = () => gatewayForTest({ server: { trustedProxies: ['127.0.0.0/8'] } })

  it('each client has tries of its own', async () => {
    const gateway = await trusting()
    expect((await throttled(gateway, 100, () => '203.0.113.5')).length).toBeGreaterThan(50)
    expect((await tryKey(gateway, 'wrong-key-from-afar', '203.0.113.6')).status).toBe(401)
  })

  it('no client gets more by what it writes before the proxy does', async () => {
    const gateway = await trusting()
    const written = (i: number): string => `198.51.100.${i}, 203.0.113.5`
    expect((await throttled(gateway, 100, written)).length).toBeGreaterThan(50)
  })
})
