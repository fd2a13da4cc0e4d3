import { describe, expect, it } from 'vitest'
import { bindsNothing } from '../ownership/binds.ts'
import { readJsonId, readJsonReply as readReply } from './json-tap.ts'

const bytesOf = (value: unknown): Uint8Array =>
  new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value))

const readJsonReply = (bytes: Uint8Array) => readReply(bytes, bindsNothing)

describe('readJsonReply', () => {
  it('reads id and usage and nothing of the output', () => {
    const usage = { input_tokens: 3, output_tokens: 4, input_tokens_details: { cached_tokens: 1 } }
    const reply = {
      id: 'resp_1',
      status: 'completed',
      error: null,
      output: [{ id: 'msg_1', usage: 1 }],
      usage,
    }
    expect(readJsonReply(bytesOf(reply))).toEqual({
      responseId: 'resp_1',
      usage: { inputTokens: 3, cachedTokens: 1, outputTokens: 4 },
      failure: undefined,
      keys: undefined,
    })
  })

  it('tells a failed response, and an error inside a 200', () => {
    const failed = { id: 'resp_1', status: 'failed', error: { code: 'server_error', message: 'm' } }
    expect(readJsonReply(bytesOf(failed))?.failure).toMatchObject({ code: 'server_error' })
    expect(readJsonReply(bytesOf({ error: { type: 'server_error' } }))?.failure).toMatchObject({
      type: 'server_error',
    })
    expect(readJsonReply(bytesOf({ status: 'failed', error: null }))?.failure).toBeDefined()
  })

  it('answers undefined to what is not one whole JSON object', () => {
    for (const text of ['', '[]', '{"id":', '<html>', '{} x'])
      expect(readJsonReply(bytesOf(text))).toBeUndefined()
  })
})

describe('readJsonId', () => {
  it('finds the id at the head of an unfinished answer, and no other', () => {
    expect(readJsonId(bytesOf('{ "id": "resp_1", "output": [{"id":"x'))).toBe('resp_1')
    expect(readJsonId(bytesOf('{"output":[{"id":"x"'))).toBeUndefined()
    expect(readJsonId(bytesOf('{"id":"../x"'))).toBeUndefined()
  })
})
