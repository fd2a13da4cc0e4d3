import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJsonReply } from '../tap/json-tap.ts'
import { ResponsesTap } from '../tap/responses-tap.ts'
import { type Binds, bindsOfCompaction, bindsOfResponse } from './binds.ts'
import { listedItemKey, ownerKey } from './owner-key.ts'

const stored = bindsOfResponse({ stored: true, background: false, conversation: false })
const unstored = bindsOfResponse({ stored: false, background: false, conversation: false })
const intoConversation = bindsOfResponse({ stored: false, background: false, conversation: true })

const citation = { type: 'container_file_citation', container_id: 'cntr_1', file_id: 'cfile_1' }
const message = {
  id: 'msg_1',
  type: 'message',
  content: [
    {
      type: 'output_text',
      text: 't',
      annotations: [
        citation,
        { type: 'file_path', file_id: 'file-2' },
        { type: 'file_citation', file_id: 'file-3' },
      ],
    },
  ],
}
const reasoning = { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: 'gAAAA/+=' }
const code = { id: 'ci_1', type: 'code_interpreter_call', container_id: 'cntr_2', code: 'x' }
const shell = {
  id: 'sh_1',
  type: 'shell_call',
  environment: { type: 'container_reference', container_id: 'cntr_3' },
}
const response = {
  id: 'resp_1',
  conversation: { id: 'conv_1' },
  // Echoes of the request are no news.
  tools: [{ type: 'file_search', vector_store_ids: ['vs_1'] }],
  instructions: [{ id: 'msg_0', encrypted_content: 'gAAAAecho' }],
  output: [reasoning, message, code, shell],
}

const contents = [
  ownerKey('encrypted', 'gAAAA/+='),
  ownerKey('file', 'cfile_1'),
  ownerKey('container', 'cntr_1'),
  ownerKey('file', 'file-2'),
  ownerKey('container', 'cntr_2'),
  ownerKey('container', 'cntr_3'),
]
const items = ['rs_1', 'msg_1', 'ci_1', 'sh_1'].map(id => ownerKey('item', id))
const conversation = ownerKey('conversation', 'conv_1')

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const told = (binds: Binds, value: object) =>
  new Set(readJsonReply(bytesOf(JSON.stringify(value)), binds)?.keys)

it('of what a client may have made itself, only what is sealed leads home everywhere', () => {
  const list = { data: [reasoning, message, code, shell] }
  const sealed = ownerKey('encrypted', 'gAAAA/+=')
  const inPaths = ['rs_1', 'msg_1', 'ci_1', 'sh_1'].map(id => listedItemKey('conv_1', id))
  const listing: Binds = { answer: undefined, items: 'all', within: 'conv_1' }
  expect(told(listing, list)).toEqual(new Set([sealed, ...inPaths]))
  expect(told(bindsOfCompaction, { ...response, conversation: null })).toEqual(new Set([sealed]))
})

const event = (data: object & { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

/** What is taken after each of these texts has been fed. */
function toldBy(binds: Binds, ...texts: readonly string[]) {
  const tap = new ResponsesTap({ maxEventBytes: 1 << 20, binds })
  return texts.map(text => {
    tap.feed(bytesOf(text))
    return tap.told.take()
  })
}

describe('what an answer tells', () => {
  it('is its id, its items, and what they hold, when it is stored', () => {
    expect(told(stored, response)).toEqual(
      new Set([ownerKey('response', 'resp_1'), conversation, ...contents, ...items]),
    )
  })

  it('is what outlives it, when it is not', () => {
    expect(told(unstored, response)).toEqual(new Set([conversation, ...contents]))
  })

  it('is its items but not its id, when only the conversation keeps them', () => {
    expect(told(intoConversation, response)).toEqual(new Set([conversation, ...contents, ...items]))
  })

  it('is the id of reasoning that brings nothing else, stored or not', () => {
    const bare = { id: 'resp_1', output: [{ id: 'rs_9', type: 'reasoning', summary: [] }] }
    expect(told(unstored, bare)).toEqual(new Set([ownerKey('item', 'rs_9')]))
  })

  it('is not what has no shape of an id', () => {
    const odd = { id: 'resp_1', output: [{ id: '../x', container_id: 7, encrypted_content: '' }, null, 'x'] }
    expect(told(stored, odd)).toEqual(new Set([ownerKey('response', 'resp_1')]))
  })

  it('is told by the event that tells it, once', () => {
    const done = { type: 'response.output_item.done', item: reasoning }
    const steps = toldBy(
      stored,
      event({ type: 'response.created', response: { id: 'resp_1', output: [] } } as never),
      event({ type: 'response.output_item.added', item: { ...reasoning, encrypted_content: '' } } as never),
      event({ type: 'response.output_text.delta', delta: 'x' } as never),
      event({ type: 'response.output_text.annotation.added', annotation: citation } as never),
      event(done as never),
      event({ type: 'response.completed', response } as never),
    )
    const [encrypted, file, container, ...rest] = contents
    expect(steps.slice(0, 5)).toEqual([
      [ownerKey('response', 'resp_1')],
      [items[0]],
      undefined,
      [file, container],
      [encrypted],
    ])
    expect(new Set(steps[5])).toEqual(new Set([conversation, ...items.slice(1), ...rest]))
  })

  it('is the same however the stream is cut into chunks', () => {
    const whole =
      event({ type: 'response.created', response: { id: 'resp_1' } } as never) +
      event({ type: 'response.output_item.added', item: message } as never) +
      event({ type: 'response.output_item.done', item: reasoning } as never) +
      event({ type: 'response.completed', response } as never)
    const expected = toldBy(stored, whole)[0]
    const cuts = fc.array(fc.nat(whole.length), { maxLength: 20 })
    fc.assert(
      fc.property(cuts, places => {
        const ends = [...places.sort((a, b) => a - b), whole.length]
        const chunks = ends.map((end, index) => whole.slice(index === 0 ? 0 : ends[index - 1], end))
        expect(toldBy(stored, ...chunks).flatMap(keys => keys ?? [])).toEqual(expected)
      }),
    )
  })

  it('is one batch, however many events one chunk brings', () => {
    const created = event({ type: 'response.created', response: { id: 'resp_1' } } as never)
    const added = event({ type: 'response.output_item.added', item: message } as never)
    expect(toldBy(stored, created + added)).toHaveLength(1)
    expect(toldBy(stored, created + added)[0]).toContain(ownerKey('item', 'msg_1'))
  })
})
