import { describe, expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { scanRequest } from '../request/scan.ts'
import { namedIds } from './named-ids.ts'

const named = (json: string): string[] =>
  namedIds(scanRequest(new TextEncoder().encode(json))).map(({ kind, id }) => `${kind} ${id}`)

describe('namedIds', () => {
  it.each([
    ['{"file_ids":["f1","f2","f1"]}', ['file f1', 'file f2']],
    ['{"input_file_id":"f1"}', ['file f1']],
    ['{"files":[{"file_id":"f1","attributes":{"file_id":"mine"}}]}', ['file f1']],
    ['{"items":[{"role":"user","content":[{"type":"input_file","file_id":"f1"}]}]}', ['file f1']],
    ['{"file\\u005fid":"f1"}', ['file f1']],
    ['{"metadata":{"file_id":"mine"},"filters":{"vector_store_ids":["mine"]}}', []],
    ['{"name":"f1","expires_after":{"anchor":"x"}}', []],
  ])('finds what %s names', (json, ids) => {
    expect(named(json)).toEqual(ids)
  })

  it.each([
    ['{"type":"item_reference","id":"i"}', ['item i']],
    ['{"id":"i"}', ['item i']],
    ['{"type":"reasoning","id":"i","summary":[]}', ['item i']],
    ['{"type":"image_generation_call","id":"i"}', ['item i']],
    ['{"type":"reasoning","id":"i","encrypted_content":"e"}', ['encrypted e']],
    ['{"type":"image_generation_call","id":"i","result":"data"}', []],
    ['{"type":"message","id":"i","role":"user","content":"x"}', []],
    ['{"id":"i","role":"user","content":"x"}', []],
  ])('takes the item %s for what the upstream would take it for', (item, ids) => {
    expect(named(`{"items":[${item}]}`)).toEqual(ids)
  })

  it.each([
    '{"items":[{"file_id":"f1","file_id":"f2"}]}',
    '{"items":[{"type":"message","type":"item_reference","id":"i"}]}',
    '{"items":[{"file_id":"f1"}],"items":[]}',
    '{"items":[{"content":[{"file_id":"f1"}],"content":[]}]}',
    '{"items":[{"file_id":"f1"},{"content":[{"file\\u005fid":"f1"}],"content":"x"}]}',
  ])('refuses a member given twice that hides a name: %s', json => {
    const refusal = (): unknown => {
      try {
        return named(json)
      } catch (error) {
        return isGatewayError(error) ? error.code : error
      }
    }
    expect(refusal()).toBe('duplicate_key')
  })
})
