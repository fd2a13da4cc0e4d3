import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cacheKeySplice } from './cache-key.ts'
import { scanRequest } from './scan.ts'
import { spliceBytes } from './splice.ts'

function filled(json: string, session = 's'): unknown {
  const scan = scanRequest(Buffer.from(json))
  const splice = cacheKeySplice(scan, session)
  if (splice === undefined) return undefined
  const pieces = spliceBytes(scan.bytes, [splice])
  return JSON.parse(Buffer.concat(pieces instanceof Uint8Array ? [pieces] : pieces).toString())
}

it('leaves any body valid and everything else in it as it was', () => {
  const frame = fc.constantFrom('', ' ', '\r\n\t', '\ufeff')
  const body = fc.dictionary(fc.string(), fc.jsonValue())
  fc.assert(
    fc.property(body, frame, fc.nat(3), (object, before, indent) => {
      const text = JSON.stringify({ ...object, prompt_cache_key: undefined }, null, indent)
      const found = filled(before + text) as Record<string, unknown>
      const { prompt_cache_key, ...rest } = found
      expect(prompt_cache_key).toMatch(/^hg-[0-9a-f]{32}$/)
      expect(rest).toEqual(JSON.parse(text))
    }),
  )
  for (const empty of ['{}', ' { } ', '{\n}']) expect(Object.keys(filled(empty) as object)).toHaveLength(1)
})

it('replaces null, and touches no key of the client, whatever its type', () => {
  expect(filled('{"a":1,"prompt_cache_key": null }')).toEqual({
    a: 1,
    prompt_cache_key: expect.stringMatching(/^hg-/),
  })
  for (const value of ['"mine"', '""', '7', '{}'])
    expect(filled(`{"prompt_cache_key":${value}}`)).toBeUndefined()
})

it('is the same for a session and differs between sessions, and shows neither', () => {
  expect(filled('{}', 'one')).toEqual(filled('{}', 'one'))
  expect(filled('{}', 'one')).not.toEqual(filled('{}', 'two'))
  expect(JSON.stringify(filled('{}', 'abcdef0123456789'))).not.toContain('abcdef')
})
