import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { scanRequest } from '../request/scan.ts'
import { type OwnerKind, ownerKey } from './owner-key.ts'
import { findReferences } from './references.ts'

const bytesOf = (body: unknown) =>
  new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))

const keysIn = (body: unknown, elsewhere: 'ignored' | 'files' = 'ignored') =>
  findReferences(scanRequest(bytesOf(body)), { elsewhere }).map(({ key }) => key)

function refusal(body: unknown): string {
  try {
    keysIn(body)
    return 'accepted'
  } catch (error) {
    if (!isGatewayError(error)) throw error
    return `${error.status} ${error.code}`
  }
}

const key = (kind: OwnerKind, id: string) => ownerKey(kind, id)
const inInput = (...items: unknown[]) => ({ model: 'm', input: items })

describe('what a body names', () => {
  it('is nothing in texts, messages and calls that bring their content', () => {
    expect(keysIn({ model: 'm', input: 'file_id' })).toEqual([])
    expect(
      keysIn(
        inInput(
          { role: 'user', content: 'x' },
          { id: 'msg_1', role: 'assistant', content: 'x' },
          {
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            content: [{ type: 'output_text', text: '{"file_id":"f"}' }],
          },
          { id: 'fc_1', type: 'function_call', call_id: 'c', name: 'f', arguments: '{"file_id":"file-1"}' },
          { id: 'ci_1', type: 'code_interpreter_call', container_id: 'cntr_1', code: 'x' },
          { id: 'ig_1', type: 'image_generation_call', result: 'aGk=' },
        ),
      ),
    ).toEqual([])
  })

  it('is nothing in metadata, and in the schema of a function that spells alike', () => {
    const parameters = {
      type: 'object',
      properties: { file_id: { default: 'file-1' }, container: { default: 'c' } },
    }
    expect(
      keysIn({
        model: 'm',
        input: 'x',
        metadata: { file_id: 'file-1' },
        tools: [{ type: 'function', name: 'f', parameters, strict: { deep: { file_id: 'f' } } }],
      }),
    ).toEqual([])
  })

  it('is nothing that annotations and search results cite', () => {
    const annotations = [
      { type: 'file_citation', file_id: 'file-1', index: 0 },
      { file_id: 'cfile_1', type: 'container_file_citation', container_id: 'cntr_1' },
    ]
    expect(
      keysIn(
        inInput(
          {
            id: 'fs_1',
            results: [{ file_id: 'file-1', text: 't' }, { file_id: 'file-2' }],
            type: 'file_search_call',
          },
          {
            id: 'msg_1',
            type: 'message',
            role: 'assistant',
            content: [{ type: 'output_text', annotations, text: 't' }],
          },
        ),
      ),
    ).toEqual([])
    // What only looks like one is none.
    expect(keysIn(inInput({ role: 'user', content: [{ file_id: 'file-1' }] }))).toEqual([
      key('file', 'file-1'),
    ])
    expect(
      keysIn(
        '{"model":"m","input":[{"content":[{"type":"input_file","file_id":"file-1","type":"file_citation"}]}]}',
      ),
    ).toEqual([key('file', 'file-1')])
    expect(
      keysIn(
        '{"model":"m","input":[{"content":[{"t\\u0079pe":"input_file","file_id":"file-1","type":"file_citation"}]}]}',
      ),
    ).toEqual([key('file', 'file-1')])
  })

  it('is what the upstream reads by an id alone', () => {
    expect(
      keysIn(
        inInput(
          { type: 'item_reference', id: 'msg_1' },
          { id: 'msg_2' },
          { id: 'msg_3', type: null },
          { id: 'rs_1', type: 'reasoning', summary: [], encrypted_content: null },
          { id: 'ig_1', type: 'image_generation_call', result: null },
        ),
      ),
    ).toEqual(['msg_1', 'msg_2', 'msg_3', 'rs_1', 'ig_1'].map(id => key('item', id)))
  })

  it('is encrypted content, however deep, once, with the places it can be taken out of', () => {
    const sealed = { id: 'rs_1', type: 'reasoning', encrypted_content: 'a/b+=' }
    const body = inInput(sealed, { type: 'agent_message', content: [{ encrypted_content: 'deep' }] }, sealed)
    const found = findReferences(scanRequest(bytesOf(body)), { elsewhere: 'ignored' })
    expect(found.map(({ kind, id }) => [kind, id])).toEqual([
      ['encrypted', ''],
      ['encrypted', ''],
    ])
    expect(new Set(found.map(one => one.key))).toEqual(
      new Set([key('encrypted', 'deep'), key('encrypted', 'a/b+=')]),
    )
    expect(found.map(one => one.removable?.length).sort()).toEqual([2, undefined])
  })

  it('is every file, store and container of hosted tools, prompts and chats', () => {
    expect(
      new Set(
        keysIn({
          model: 'm',
          prompt: { id: 'pmpt_1', variables: { a: { type: 'input_file', file_id: 'file-1' } } },
          messages: [{ role: 'user', content: [{ type: 'file', file: { file_id: 'file-2' } }] }],
          tools: [
            { type: 'file_search', vector_store_ids: ['vs_1', 'vs_2'] },
            { type: 'code_interpreter', container: 'cntr_1' },
            { type: 'code_interpreter', container: { type: 'auto', file_ids: ['file-3'] } },
            { type: 'shell', environment: { type: 'container_reference', container_id: 'cntr_2' } },
            { type: 'image_generation', input_image_mask: { file_id: 'file-4' } },
          ],
        }),
      ),
    ).toEqual(
      new Set([
        ...['file-1', 'file-2', 'file-3', 'file-4'].map(id => key('file', id)),
        ...['vs_1', 'vs_2'].map(id => key('vector_store', id)),
        ...['cntr_1', 'cntr_2'].map(id => key('container', id)),
      ]),
    )
  })

  it('is a file anywhere, for an endpoint whose body is not known', () => {
    const body = { model: 'm', training_file: 'file-1', image: { mask: { file_id: 'file-2' } } }
    expect(keysIn(body, 'files')).toEqual([key('file', 'file-1'), key('file', 'file-2')])
  })

  it('cannot be hidden from the upstream by a second type or a second id', () => {
    expect(refusal('{"model":"m","input":[{"type":"message","type":"item_reference","id":"msg_1"}]}')).toBe(
      '400 duplicate_key',
    )
    expect(keysIn('{"model":"m","input":[{"type":"item_reference","id":"msg_1","id":"msg_2"}]}')).toEqual([
      key('item', 'msg_1'),
      key('item', 'msg_2'),
    ])
    expect(
      keysIn(
        '{"model":"m","input":[{"id":"ig_1","type":"image_generation_call","result":"x","r\\u0065sult":null}]}',
      ),
    ).toEqual([key('item', 'ig_1')])
  })

  it('may be so many things, and no more', () => {
    const items = (count: number) =>
      inInput(...Array.from({ length: count }, (_, i) => ({ type: 'item_reference', id: `msg_${i}` })))
    expect(keysIn(items(4096))).toHaveLength(4096)
    expect(refusal(items(4097))).toBe('400 too_many_references')
    expect(
      keysIn(inInput(...Array.from({ length: 9000 }, () => ({ type: 'item_reference', id: 'msg_1' })))),
    ).toEqual([key('item', 'msg_1')])
    const members = `{"model":"m","input":[{${Array.from({ length: 70_000 }, () => '"id":1').join()}}]}`
    expect(refusal(members)).toBe('400 too_many_references')
  })

  it('is found under every spelling of its name and value, at every depth, among everything', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(60), fc.constantFrom('object', 'array'), fc.string()), { maxLength: 100 }),
        fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }),
        fc.constantFrom(['file_id', 'file', 'file-aA_9'], ['encrypted_content', 'encrypted', 'gAAAA/+=é😀'], [
          'container',
          'container',
          'cntr_1',
        ] as const),
        (nesting, escapes, [name, kind, value]) => {
          let at = 0
          const spell = (text: string): string =>
            [...text]
              .map(char =>
                char.length === 1 && escapes[at++ % 60] ? unicode(char) : JSON.stringify(char).slice(1, -1),
              )
              .join('')
          let text = `{"${spell(name!)}":"${spell(value!)}"}`
          for (const [, shape, other] of nesting) {
            const rest = JSON.stringify(other)
            text = shape === 'array' ? `[${rest},${text},1]` : `{${rest}:0,"k":${text},"z":{"y":[]}}`
          }
          const body = `{"model":"m","input":[{"type":"message","content":[${text}]}],"z":null}`
          expect(keysIn(body)).toEqual([key(kind as OwnerKind, value!)])
        },
      ),
      { numRuns: 200 },
    )
  })
})

const unicode = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
