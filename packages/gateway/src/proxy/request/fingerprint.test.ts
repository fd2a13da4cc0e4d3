import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fingerprint } from './fingerprint.ts'
import { scanRequest } from './scan.ts'

const ofText = (json: string, tenant = 'team') => fingerprint(tenant, scanRequest(Buffer.from(json)))
const of = (body: object, tenant = 'team') => ofText(JSON.stringify(body), tenant)

const user = (content: unknown) => ({ role: 'user', content })
const assistant = { role: 'assistant', content: 'Hi.' }
const system = { role: 'system', content: 'Be brief.' }
const tools = [{ type: 'function', name: 'look', parameters: {} }]

describe('a conversation without a session key', () => {
  const first = { instructions: 'Be brief.', tools, input: [user('Hello')] }

  it('keeps its fingerprint when its history grows', () => {
    const second = { ...first, input: [user('Hello'), assistant, user('And now?')] }
    expect(of(second)).toBe(of(first))
    expect(of({ messages: [system, user('Hello'), assistant, user('And?')] })).toBe(
      of({ messages: [system, user('Hello')] }),
    )
  })

  it('keeps it when the first turn was a string, or its text is repeated in parts', () => {
    const asString = of({ input: 'Hello' })
    expect(of({ input: [user('Hello')] })).toBe(asString)
    expect(of({ input: [user([{ type: 'input_text', text: 'Hello' }]), assistant] })).toBe(asString)
  })

  it('keeps it whatever the order of keys, the model, and what is said of sampling', () => {
    const { instructions, input } = first
    expect(of({ temperature: 1, input, model: 'x', tools, instructions })).toBe(of(first))
    expect(of({ input: [{ content: 'Hello', role: 'user', id: 'm1' }], tools, instructions })).toBe(of(first))
    expect(ofText('{ "messages" : [ { "role" : "user" , "content" : "a" } ] }')).toBe(
      of({ messages: [user('a')] }),
    )
  })

  it('differs from one that begins differently, in any of its parts', () => {
    const others = [
      { ...first, instructions: 'Be long.' },
      { ...first, tools: [] },
      { ...first, input: [user('Hello!')] },
      { ...first, input: [system, user('Hello')] },
      { ...first, input: [user([{ type: 'input_text', text: 'Hello' }, { type: 'input_image' }])] },
      { tools, input: [user('Be brief.'), user('Hello')] },
    ]
    expect(new Set([first, ...others].map(body => of(body))).size).toBe(others.length + 1)
  })

  it('has none before the user has said anything', () => {
    for (const body of [
      {},
      { input: [] },
      { input: [system] },
      { input: null },
      { messages: [assistant] },
      { input: 7 },
    ])
      expect([body, of(body)]).toEqual([body, undefined])
  })

  it('is scoped by tenant', () => {
    expect(of(first, 'team')).not.toBe(of(first, 'other'))
    // The tenant's name cannot run into the text behind it.
    expect(of({ input: 'b' }, 'ab')).not.toBe(of({ input: 'bb' }, 'a'))
  })

  it('ignores instructions given later, which a shortened history may lose', () => {
    expect(of({ messages: [user('a'), system] })).toBe(of({ messages: [user('a')] }))
    expect(of({ messages: [assistant, system, user('a')] })).toBe(of({ messages: [assistant, user('a')] }))
  })

  it('is bounded: of each part the first 16 KiB and its length count', () => {
    const long = 'x'.repeat(20_000)
    expect(of({ input: `${long}a` })).toBe(of({ input: `${long}b` }))
    expect(of({ input: `${long}ab` })).not.toBe(of({ input: `${long}b` }))
    // A user's item beyond 256 KiB of others is not looked for.
    const far = Array.from({ length: 20 }, () => ({ role: 'tool', content: long }))
    expect(of({ messages: [...far, user('a')] })).toBeUndefined()
    const huge = 'y'.repeat(600_000)
    expect(of({ input: [user(huge)] })).toBeDefined()
    expect(
      of({ instructions: huge, tools: [huge], messages: Array(20).fill({ ...system, content: huge }) }),
    ).toBe(undefined)
  })

  it('finds what a parser finds, in any valid text', () => {
    const awkward = fc.constantFrom('"', '\\', '\\"', ']', '}', '{"role":"user"', 'x'.repeat(23), '\n')
    // Long enough to be searched and not read, with quotes and backslashes at every place.
    const text = fc.oneof(
      fc.string(),
      fc.array(awkward, { maxLength: 6 }).map(parts => parts.join('')),
    )
    const message = fc.record(
      {
        role: fc.constantFrom('user', 'system', 'developer', 'assistant', 'tool'),
        content: text,
        extra: fc.jsonValue(),
      },
      { requiredKeys: ['role', 'content'] },
    )
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.nat(4), (messages, indent) => {
        const has = messages.some(({ role }) => role === 'user')
        const found = ofText(JSON.stringify({ messages }, null, indent))
        expect(found !== undefined).toBe(has)
        const at = messages.findIndex(({ role }) => role === 'user')
        const head = messages.slice(0, at + 1).map(({ role, content }) => ({ content, role }))
        expect(found).toBe(has ? of({ messages: head }) : undefined)
      }),
    )
  })
})
