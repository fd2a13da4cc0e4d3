import { createManualClock } from '@headgate/scheduler/memory'
import { describe, expect, it } from 'vitest'
import { FakeUpstream } from '../../../test/proxy/fake-sides.ts'
import { createModelDirectory } from './models.ts'

describe('the model directory', () => {
  const target = (accountId: string) => ({
    accountId,
    baseUrl: 'http://x',
    headers: [],
    headersTimeoutMs: 1,
    idleTimeoutMs: 1,
  })
  const wild = { id: 'w', target: target('w'), models: undefined }

  it('asks an account once however many ask for the list, and keeps what it said when it falls silent', async () => {
    const upstream = new FakeUpstream()
    const clock = createManualClock()
    const directory = createModelDirectory({ upstream, clock })
    const both = Promise.all([directory.list([wild]), directory.list([wild])])
    expect(upstream.exchanges).toHaveLength(1)
    upstream.last.json(200, { data: [{ id: 'b' }, { id: 'a' }, { id: 'evil\n' }, 'x'] })
    expect(await both).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    clock.advance(60_000)
    const later = directory.list([wild])
    upstream.last.json(500, {})
    expect(await later).toEqual(['a', 'b'])
  })

  it('asks again when an account has moved, and forgets those that are gone', async () => {
    const upstream = new FakeUpstream()
    const directory = createModelDirectory({ upstream, clock: createManualClock() })
    const ask = async (account: typeof wild, name: string): Promise<readonly string[]> => {
      const list = directory.list([account])
      if (upstream.last.state === 'running') upstream.last.json(200, { data: [{ id: name }] })
      return await list
    }
    const moved = { ...wild, target: { ...wild.target, baseUrl: 'http://y' } }
    expect(await ask(wild, 'old')).toEqual(['old'])
    expect(await ask(moved, 'new')).toEqual(['new'])
    expect(directory.nearest([moved], 'x', () => true)).toEqual(['new'])
    directory.retain([moved])
    expect(directory.nearest([wild], 'x', () => true)).toEqual([])
    expect(await ask(moved, 'newer')).toEqual(['new'])
  })

  it('reads no endless list and survives nonsense', async () => {
    for (const play of [
      (upstream: FakeUpstream) => upstream.last.head(200, []).data(new Uint8Array(5 << 20)),
      (upstream: FakeUpstream) => upstream.last.head(200, []).data('nonsense').end(),
      (upstream: FakeUpstream) => upstream.last.json(200, { data: 5 }),
      (upstream: FakeUpstream) => upstream.last.fault({ kind: 'headers_timeout' }),
    ]) {
      const upstream = new FakeUpstream()
      const directory = createModelDirectory({ upstream, clock: createManualClock() })
      const list = directory.list([wild])
      play(upstream)
      expect(await list).toEqual([])
    }
  })

  it('suggests the nearest names without asking anyone', () => {
    const upstream = new FakeUpstream()
    const directory = createModelDirectory({ upstream, clock: createManualClock() })
    const models = ['gpt-5', 'gpt-5-mini', 'o4', 'llama-*']
    const all = [wild, { id: 'e', target: target('e'), models }]
    const names = directory.nearest(all, 'gpt-55', () => true)
    expect(names[0]).toBe('gpt-5')
    expect(names).not.toContain('llama-*')
    expect(directory.nearest(all, 'gpt-55', name => name !== 'gpt-5')[0]).toBe('gpt-5-mini')
    expect(upstream.exchanges).toHaveLength(0)
  })
})
