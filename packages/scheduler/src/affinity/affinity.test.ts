import { describe, expect, it } from 'vitest'
import type { AffinityRule, BoundFacts, Verdict } from './affinity-rule.ts'
import { ownerBindingKey, responseBindingKey, sessionBindingKey } from './binding-key.ts'
import { classicOwner } from './classic-owner.ts'
import { classicSession } from './classic-session.ts'
import { warmSession } from './warm-session.ts'

const ttl = { ttlMs: 1 }
const scope = { tenant: 't', pool: 'p', group: null }
const good: BoundFacts = {
  excluded: false,
  gone: false,
  foreign: false,
  mustClear: false,
  reachable: true,
  modelSupported: true,
  transportMatches: true,
  supportsWebSocket: true,
}

type Row = readonly [Partial<BoundFacts>, Verdict]

function judges(name: string, rule: AffinityRule, rows: readonly Row[]): void {
  it.each(rows)(`${name} with %o: %s`, (facts, verdict) => {
    expect(rule.judge({ ...good, ...facts })).toBe(verdict)
  })
}

describe('what becomes of a binding', () => {
  judges('classic owner', classicOwner(ttl), [
    [{}, 'use'],
    [{ excluded: true, gone: true }, 'keep'],
    [{ gone: true }, 'unbind'],
    [{ supportsWebSocket: false, mustClear: true }, 'keep'],
    [{ mustClear: true, modelSupported: false }, 'unbind'],
    [{ foreign: true }, 'unbind'],
    [{ modelSupported: false }, 'keep'],
    [{ transportMatches: false }, 'use'],
  ])
  judges('classic session', classicSession(ttl), [
    [{}, 'use'],
    [{ excluded: true, gone: true }, 'keep'],
    [{ gone: true }, 'unbind'],
    [{ mustClear: true }, 'unbind'],
    [{ foreign: true }, 'unbind'],
    [{ modelSupported: false, transportMatches: false }, 'keep'],
    [{ transportMatches: false }, 'unbind'],
    [{ supportsWebSocket: false, reachable: false }, 'use'],
  ])
  judges('warm session', warmSession(ttl), [
    [{}, 'use'],
    [{ gone: true, excluded: true }, 'unbind'],
    [{ foreign: true }, 'unbind'],
    [{ modelSupported: false, reachable: false }, 'keep'],
    [{ transportMatches: false }, 'keep'],
    [{ excluded: true }, 'move'],
    [{ reachable: false }, 'move'],
    [{ mustClear: true }, 'use'],
  ])
})

describe('what a rule looks up', () => {
  it('nothing for a blank key, by Go’s idea of white space', () => {
    const blank = ' \u0085\u00a0\t'
    expect(classicOwner(ttl).key({ model: 'm', previousResponse: blank }, scope)).toBeUndefined()
    for (const rule of [classicSession(ttl), warmSession(ttl)]) {
      expect(rule.key({ model: 'm', session: blank }, scope)).toBeUndefined()
      expect(rule.key({ model: 'm' }, scope)).toBeUndefined()
      expect(rule.key({ model: 'm', session: ' s ' }, scope)).toBe(sessionBindingKey(scope, 's'))
    }
  })

  it('a key of its own kind', () => {
    const request = { model: 'm', session: 'same', previousResponse: 'same' }
    expect(classicOwner(ttl).key(request, scope)).not.toBe(classicSession(ttl).key(request, scope))
  })
})

describe('binding keys', () => {
  it('take 255 characters and refuse more with the limit and the remedy', () => {
    expect(sessionBindingKey(scope, 'k'.repeat(255))).toContain('k'.repeat(255))
    for (const keyOf of [sessionBindingKey, responseBindingKey, ownerBindingKey]) {
      expect(() => keyOf(scope, 'k'.repeat(256))).toThrow(/256 characters; the limit is 255. Hash the key/)
    }
  })

  it('tell no group from the empty group', () => {
    expect(sessionBindingKey(scope, 'k')).not.toBe(sessionBindingKey({ ...scope, group: '' }, 'k'))
  })
})
