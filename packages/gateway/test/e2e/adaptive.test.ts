/** The profile `adaptive` over real sockets: what it goes by reaches it, and the mock's own log is the judge. */
import { describe, expect, it } from 'vitest'
import { gatewayForTest, type TestGateway, type TestGatewayOptions } from '../fixtures/gateway.ts'

const model = 'gpt-5.1'
const adminToken = 'admin-token-0123456789'
const pools = { default: { accounts: ['*'], scheduler: { profile: 'adaptive' } } }
const profile = { ttftMs: 10, prefillTokensPerSecond: 200_000, outputTokens: 4 }
const ids = ['a1', 'a2', 'a3', 'a4', 'a5']
const accounts = ids.map(id => ({ id, profile }))
/** 10,000 tokens, 50 ms to read. */
const long = 'All about it. '.repeat(2_860)

const options: TestGatewayOptions = {
  ...{ accounts, pools, adminToken },
  clients: [{ name: 'team', diagnostics: 'headers' }],
}

interface Kind {
  readonly path: '/v1/responses' | '/v1/chat/completions'
  readonly stream: boolean
}

const kinds: readonly Kind[] = [
  { path: '/v1/responses', stream: false },
  { path: '/v1/responses', stream: true },
  { path: '/v1/chat/completions', stream: false },
  { path: '/v1/chat/completions', stream: true },
]

/** Asks, reads the whole answer, and says who made it. */
async function ask(gateway: TestGateway, { path, stream }: Kind, turns: readonly string[]): Promise<string> {
  const said = turns.map((content, at) => ({ role: at % 2 === 0 ? 'user' : 'assistant', content }))
  const json = { model, stream, ...(path === '/v1/responses' ? { input: said } : { messages: said }) }
  const answer = await gateway.fetch(path, { json })
  expect(answer.status, await answer.text()).toBe(200)
  return answer.headers.get('x-headgate-account')!
}

const openings = ['One. ', 'Two. ', 'Three. '].map(start => start + long)

/** Conversations that begin at once, so that they do not all begin at the first account. */
const begun = (gateway: TestGateway, kind: Kind): Promise<string[]> =>
  Promise.all(openings.map(opening => ask(gateway, kind, [opening])))

const nextTurns = async (gateway: TestGateway, kind: Kind, turn: number): Promise<string[]> => {
  const places: string[] = []
  for (const opening of openings)
    places.push(await ask(gateway, kind, [opening, ...Array<string>(2 * turn).fill('And?')]))
  return places
}

interface Told {
  readonly decision: {
    readonly id: number
    readonly pool: string
    readonly termNames: readonly string[]
    readonly rows: readonly {
      readonly account: string
      readonly score: number
      readonly terms: readonly number[]
    }[]
  }
  readonly text: string
}

/** The newest decision, as the admin API explains it. */
async function lastDecision(gateway: TestGateway): Promise<Told> {
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${adminToken}` }
    return (await fetch(`${gateway.url}/admin/api${path}`, { headers })).json()
  }
  const { decisions } = (await get('/decisions?limit=1')) as { decisions: Told['decision'][] }
  const [{ pool, id }] = decisions as [Told['decision']]
  return (await get(`/decisions/${pool}/${id}`)) as Told
}

describe('a conversation with a long prompt, without a key of its own', () => {
  it.each(kinds)('stays where it is warm over $path, stream $stream', async kind => {
    const gateway = await gatewayForTest(options)
    const first = await begun(gateway, kind)
    expect(new Set(first).size).toBe(3)
    expect(await nextTurns(gateway, kind, 1)).toEqual(first)
    expect(await nextTurns(gateway, kind, 2)).toEqual(first)
  })

  it('is led back by its binding alone when what was learned is gone', async () => {
    const gateway = await gatewayForTest(options)
    const first = await begun(gateway, kinds[1]!)
    const changed = { default: { ...pools.default, scheduler: { profile: 'adaptive', topK: 5 } } }
    await gateway.reload({ ...options, pools: changed })
    expect(await nextTurns(gateway, kinds[1]!, 1)).toEqual(first)
  })
})

describe('a decision', () => {
  it('is explained in milliseconds, term by term', async () => {
    const gateway = await gatewayForTest(options)
    await ask(gateway, kinds[1]!, [long])
    const home = await ask(gateway, kinds[1]!, [long, 'Yes.', 'And?'])
    const { decision, text } = await lastDecision(gateway)
    const [best] = decision.rows
    expect(best!.account).toBe(home)
    for (const { score, terms } of decision.rows)
      expect(terms.reduce((sum, term) => sum + term)).toBeCloseTo(score)
    const ttft = (account: string) =>
      -decision.rows.find(row => row.account === account)!.terms[decision.termNames.indexOf('ttft')]!
    // Ten thousand tokens not to be read again.
    expect(ttft(ids.find(id => id !== home)!)).toBeGreaterThan(1.3 * ttft(home))
    expect(text).toContain('profile adaptive')
    expect(text).toMatch(/^account +cost ms +ttft +crowding +cold +errors +headroom +tier +slow start/m)
    expect(text).toMatch(new RegExp(`^${home} +${Math.round(-best!.score)} `, 'm'))
    expect(text).not.toContain('drawn')
  })
})
