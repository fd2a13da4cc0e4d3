import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { type FakeExchange, FakeUpstream } from '../../test/proxy/fake-sides.ts'
import { kindDefaults } from '../config/kinds.ts'
import { silentLog } from '../runtime/log.ts'
import { createDiscovery, type Discoverable } from './discovery.ts'

const { capabilities } = kindDefaults['openai-compatible']
const target = {
  ...{ accountId: 'a', baseUrl: 'http://x/v1', headers: [] },
  headersTimeoutMs: 1,
  idleTimeoutMs: 1,
}
const account = (fields: Partial<Discoverable> = {}): Discoverable => ({
  ...{ id: 'a', revision: '1', target, capabilities, discover: ['chat', 'embeddings', 'storedResponses'] },
  ...fields,
})

function discovery() {
  const upstream = new FakeUpstream()
  const clock = createManualClock()
  let learned = 0
  const subject = createDiscovery({ upstream, clock, log: silentLog, onLearned: () => learned++ })
  const asked = () =>
    upstream.exchanges.map(({ request, account: id }) => `${id} ${request.method} ${request.path}`)
  return { subject, upstream, clock, asked, learned: () => learned }
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn++) await undefined
}
const noEmbeddings = (exchange: FakeExchange): void =>
  exchange.json(exchange.request.path === '/embeddings' ? 404 : 400, { detail: 'Not Found' })

describe('what an upstream lacks', () => {
  it('is asked with requests that cost nothing, about what is taken for granted', async () => {
    const { subject, upstream, asked } = discovery()
    upstream.answer = noEmbeddings
    subject.follow([account()])
    await turns()
    expect(asked()).toEqual(['a POST /chat/completions', 'a POST /embeddings'])
    expect(upstream.exchanges.map(({ body }) => body)).toEqual(['{}', '{}'])
  })

  it('narrows its capabilities, and is told once it is known', async () => {
    const { subject, upstream, learned } = discovery()
    upstream.answer = noEmbeddings
    expect(subject.capabilities(account())).toBe(capabilities)
    subject.follow([account()])
    expect(subject.capabilities(account())).toBe(capabilities)
    await turns()
    expect(subject.capabilities(account())).toEqual({ ...capabilities, embeddings: false })
    expect(learned()).toBe(1)
  })

  it('is not asked where the operator has spoken', async () => {
    const { subject, asked } = discovery()
    subject.follow([account({ discover: [] })])
    await turns()
    expect(asked()).toEqual([])
  })

  it('is asked again, later and later, of one that told nothing', async () => {
    const { subject, upstream, clock, asked, learned } = discovery()
    upstream.answer = exchange => exchange.fault({ kind: 'connect', detail: 'ECONNREFUSED' })
    subject.follow([account({ discover: ['chat'] })])
    const after = async (ms: number) => {
      clock.advance(ms)
      await turns()
      return asked().length
    }
    expect([await after(0), await after(14_999), await after(1)]).toEqual([1, 1, 2])
    expect([await after(29_999), await after(1)]).toEqual([2, 3])
    upstream.answer = exchange => exchange.json(404, { detail: 'Not Found' })
    await after(60_000)
    expect(learned()).toBe(1)
    expect(await after(10_000_000)).toBe(4)
  })

  it('is not asked of more than four at once', async () => {
    const { subject, upstream, asked } = discovery()
    const many = Array.from({ length: 10 }, (_, n) => {
      const id = `a${n}`
      return account({ id, discover: ['chat'], target: { ...target, accountId: id } })
    })
    subject.follow(many)
    expect(asked()).toHaveLength(4)
    upstream.exchanges[0]!.json(400, {})
    await turns()
    expect(asked()).toHaveLength(5)
  })

  it('is void when another place stands behind the id, also while the answer is under way', async () => {
    const { subject, upstream, learned } = discovery()
    subject.follow([account({ discover: ['embeddings'] })])
    subject.follow([account({ discover: ['embeddings'], revision: '2' })])
    upstream.exchanges[0]!.json(404, { detail: 'Not Found' })
    await turns()
    expect(learned()).toBe(0)
    expect(subject.capabilities(account({ revision: '2' }))).toBe(capabilities)
    upstream.exchanges[1]!.json(404, { detail: 'Not Found' })
    await turns()
    expect(subject.capabilities(account({ discover: ['embeddings'], revision: '2' })).embeddings).toBe(false)
    expect(subject.capabilities(account({ discover: ['embeddings'] })).embeddings).toBe(true)
  })

  it('is kept over reloads that leave the account alone, and asked for no more once it is gone', async () => {
    const { subject, upstream, clock, asked } = discovery()
    upstream.answer = noEmbeddings
    subject.follow([account()])
    await turns()
    subject.follow([account()])
    await turns()
    expect(asked()).toHaveLength(2)
    expect(subject.capabilities(account()).embeddings).toBe(false)
    subject.follow([])
    expect(subject.capabilities(account())).toBe(capabilities)
    expect(clock.pending).toBe(0)
  })
})
