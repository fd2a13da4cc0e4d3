import type { Located } from '@headgate/scheduler'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { joinBytes } from '../attempt/collect.ts'
import { scanRequest } from '../request/scan.ts'
import { spliceBytes } from '../request/splice.ts'
import { findReferences } from './references.ts'
import { removalsOf, replayOf } from './replay.ts'

const scan = (text: string) => scanRequest(new TextEncoder().encode(text))
const reasoning = (content: string) => ({ type: 'reasoning', summary: [], encrypted_content: content })
const compaction = { type: 'compaction', encrypted_content: 'sum' }
const reference = { type: 'item_reference', id: 'msg_1' }
const message = { role: 'user', content: 'x' }

const at = (domain: string): Located => ({ kind: 'located', account: domain, domain })
const gone: Located = { kind: 'none', reason: 'owner_gone' }
const unknown: Located = { kind: 'none', reason: 'owner_unknown' }
const unavailable: Located = { kind: 'none', reason: 'owner_unavailable', retryAfterMs: 1 } as Located

/** The items that go on, as their place in `input`; `refused` when the request cannot. */
function replayed(input: readonly object[], places: readonly Located[]): readonly object[] | 'refused' {
  const request = scan(JSON.stringify({ model: 'm', input }))
  const replay = replayOf(findReferences(request, { elsewhere: 'ignored' }), places)
  if (replay === undefined) return 'refused'
  return (JSON.parse(without(request, replay.removed)) as { input: object[] }).input
}

function without(request: ReturnType<typeof scan>, removed: readonly number[]): string {
  const body = spliceBytes(request.bytes, removalsOf(request, removed))
  const pieces = body instanceof Uint8Array ? [body] : body
  return new TextDecoder().decode(
    joinBytes(
      [...pieces],
      pieces.reduce((sum, { length }) => sum + length, 0),
    ),
  )
}

describe('a request that outlives its owners', () => {
  it('goes on without the reasoning of a domain that is gone', () => {
    expect(replayed([message, reasoning('a'), message, reasoning('b')], [gone, at('2')])).toEqual([
      message,
      message,
      reasoning('b'),
    ])
    expect(replayed([reasoning('a'), message], [gone])).toEqual([message])
    expect(replayed([reasoning('a'), reasoning('b')], [gone, gone])).toEqual([])
  })

  it('keeps to the domain of its latest reasoning, or to that of all else it names', () => {
    const input = [reasoning('a'), reasoning('b'), message]
    expect(replayed(input, [at('1'), at('2')])).toEqual([reasoning('b'), message])
    expect(replayed([reference, ...input], [at('1'), at('1'), at('2')])).toEqual([
      reference,
      reasoning('a'),
      message,
    ])
  })

  it('leaves out every copy of what is lost', () => {
    expect(replayed([reasoning('a'), message, reasoning('a')], [gone])).toEqual([message])
  })

  it('is refused when more than reasoning is lost, or lies apart', () => {
    expect(replayed([compaction, message], [gone])).toBe('refused')
    expect(replayed([reference, reasoning('a')], [gone, at('1')])).toBe('refused')
    expect(replayed([reference, compaction], [at('1'), at('2')])).toBe('refused')
  })

  it('is refused when something is unknown, or its domain will be back', () => {
    expect(replayed([reasoning('a'), message], [unknown])).toBe('refused')
    expect(replayed([reasoning('a'), reasoning('b')], [gone, unknown])).toBe('refused')
    expect(replayed([reasoning('a'), reasoning('b')], [unavailable, at('2')])).toBe('refused')
  })
})

describe('taking items out of a body', () => {
  it('leaves JSON with exactly the others, whatever the white space, and not one other byte changed', () => {
    const space = fc.constantFrom('', ' ', '\n  ', '\t')
    const item = fc.record({
      text: fc.constantFrom('{"a":"],[,}"}', '{}', '[1,[2]]', '"x,y"', '{"b":[{"c":"\\""}]}'),
      before: space,
      after: space,
      gone: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 12 }), items => {
        let text = '{"model":"m","input":['
        const removed: number[] = []
        items.forEach(({ text: value, before, after, gone: goes }, index) => {
          text += `${index > 0 ? ',' : ''}${before}`
          if (goes) removed.push(text.length)
          text += value + after
        })
        text += '] , "z" : 1 }'
        const left = without(scan(text), removed)
        expect(JSON.parse(left)).toEqual({
          model: 'm',
          input: items.filter(one => !one.gone).map(one => JSON.parse(one.text)),
          z: 1,
        })
        expect(left.startsWith('{"model":"m","input":[')).toBe(true)
        expect(left.endsWith('] , "z" : 1 }')).toBe(true)
      }),
    )
  })
})
