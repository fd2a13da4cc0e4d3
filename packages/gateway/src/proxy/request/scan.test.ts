import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { maxJsonDepth, scanJson, wantFields } from './json-scanner.ts'
import { scanRequest } from './scan.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const wanted = wantFields(['model', 'stream'])

function refusal(body: string | Uint8Array): { code: string; message: string; param: string | null } {
  try {
    scanRequest(typeof body === 'string' ? bytesOf(body) : body)
  } catch (error) {
    if (isGatewayError(error)) return { code: error.code, message: error.message, param: error.param }
    throw error
  }
  throw new Error('was accepted')
}

/** What JSON.parse says: an object, something else, or nothing. */
function reference(text: string): 'object' | 'other' | 'invalid' {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? 'object' : 'other'
  } catch {
    return 'invalid'
  }
}

function ours(text: string): 'object' | 'other' | 'invalid' {
  const scan = scanJson(bytesOf(text), 0, wanted)
  if (scan.ok) return 'object'
  if (scan.problem.kind === 'not_object') return 'other'
  return scan.problem.kind === 'duplicate' ? 'object' : 'invalid'
}

describe('scanRequest', () => {
  it('finds the routing fields and their bytes, whatever stands around them', () => {
    const body = ' {"input":[{"model":"inner"}], "model" : "gpt-é" ,\n"stream":true,"x":{"stream":1}} '
    const scan = scanRequest(bytesOf(body))
    const model = scan.field('model')!
    expect(scan.value(model)).toBe('gpt-é')
    expect(new TextDecoder().decode(scan.bytes.subarray(model.start, model.end))).toBe('"gpt-é"')
    expect(scan.field('stream')?.kind).toBe('boolean')
    expect(scan.field('input')?.kind).toBe('array')
    expect(scan.field('store')).toBeUndefined()
  })

  it('skips a byte order mark', () => {
    const scan = scanRequest(bytesOf('\ufeff{"model":"a"}'))
    expect(scan.value(scan.field('model')!)).toBe('a')
    expect(scan.bytes[0]).toBe(0x7b)
  })

  it('reads a routing key that is written with escapes, so that it cannot be hidden', () => {
    const scan = scanRequest(bytesOf('{"mod\\u0065l":"a"}'))
    expect(scan.value(scan.field('model')!)).toBe('a')
    expect(refusal('{"model":"a","mod\\u0065l":"b"}').code).toBe('duplicate_key')
  })

  it('refuses a duplicate routing field and says where, but leaves other duplicates to the upstream', () => {
    const { code, message, param } = refusal('{"model":"a",\n "model":"b"}')
    expect(code).toBe('duplicate_key')
    expect(param).toBe('model')
    expect(message).toContain('line 2, column 2')
    expect(() => scanRequest(bytesOf('{"x":1,"x":2}'))).not.toThrow()
  })

  it.each([
    ['', 'empty_body'],
    [' \n', 'empty_body'],
    ['\ufeff', 'empty_body'],
    ['{"model":', 'invalid_json'],
    ['{} {}', 'invalid_json'],
    ['{}x', 'invalid_json'],
    ['{"a":01}', 'invalid_json'],
    ['{"a":1,}', 'invalid_json'],
    ["{'a':1}", 'invalid_json'],
    ['{"a":"\t"}', 'invalid_json'],
    ['{"a":NaN}', 'invalid_json'],
    ['[]', 'body_must_be_object'],
    ['"x"', 'body_must_be_object'],
    ['null', 'body_must_be_object'],
    ['1', 'body_must_be_object'],
    ['true ', 'body_must_be_object'],
    ['1 2', 'invalid_json'],
  ])('answers %j with %s', (body, code) => {
    expect(refusal(body).code).toBe(code)
  })

  it('names line and column, counted in characters', () => {
    expect(refusal('{\n "é": ]}').message).toContain('line 2, column 7')
    expect(refusal('{"a":1').message).toContain('line 1, column 7')
  })

  it('accepts the deepest nesting allowed and refuses one level more, without recursion', () => {
    const nested = (levels: number) => `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`
    expect(() => scanRequest(bytesOf(nested(maxJsonDepth)))).not.toThrow()
    expect(refusal(nested(maxJsonDepth + 1)).code).toBe('too_deep')
    expect(refusal(`{"a":${'['.repeat(1_000_000)}`).code).toBe('too_deep')
  })

  it('passes lone surrogate escapes, which are the upstream’s to judge', () => {
    expect(() => scanRequest(bytesOf('{"a":"\\ud800"}'))).not.toThrow()
  })

  it('says at which byte UTF-8 breaks', () => {
    const good = [...bytesOf('{"a":"é€😀')]
    for (const bad of [
      [0xff],
      [0xc3, 0x28],
      [0xe2, 0x82],
      [0xed, 0xa0, 0x80],
      [0xf5, 0x80, 0x80, 0x80],
      [0x80],
    ]) {
      const body = Uint8Array.from([...good, ...bad, 0x22, 0x7d])
      const { code, message } = refusal(body)
      expect(code).toBe('invalid_utf8')
      expect(message).toContain(`byte ${good.length}.`)
    }
  })

  it('is not poisoned by __proto__ keys', () => {
    scanRequest(bytesOf('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'))
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('scanJson', () => {
  it('accepts exactly what JSON.parse accepts: valid documents', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 6 })), object => {
        for (const text of [JSON.stringify(object), JSON.stringify(object, null, '\t')]) {
          expect(ours(text)).toBe(reference(text))
        }
      }),
    )
  })

  it('accepts exactly what JSON.parse accepts: valid documents with one byte changed, cut or doubled', () => {
    const noise = fc.constantFrom(...'{}[]",:\\/ \t\n0123456789.eE+-tfnulrasx\u0001')
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })),
        fc.nat(),
        noise,
        fc.constantFrom('replace', 'cut', 'insert', 'double'),
        (object, place, character, kind) => {
          const text = JSON.stringify(object)
          const at = place % text.length
          const rest = text.slice(kind === 'replace' || kind === 'cut' ? at + 1 : at)
          const middle = kind === 'cut' ? '' : kind === 'double' ? text[at]! : character
          const changed = text.slice(0, at) + middle + rest
          expect([changed, ours(changed)]).toEqual([changed, reference(changed)])
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('accepts exactly what JSON.parse accepts: noise made of JSON’s own characters', () => {
    const piece = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        '"',
        '"a"',
        ':',
        ',',
        ' ',
        '-',
        '0',
        '1',
        '.',
        'e',
        'E',
        '+',
        '\\',
        '\\u00',
        '\\n',
      ],
      ...['true', 'false', 'null', 'tru', '{"a":', '{"model":1', '\n', '\u2028', '\u007f'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), pieces => {
        const text = pieces.join('')
        expect([text, ours(text)]).toEqual([text, reference(text)])
      }),
      { numRuns: 5000 },
    )
  })

  it('finds the same values as JSON.parse', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (model, stream, other) => {
        const text = JSON.stringify({ other, model, 'a"\\': other, stream })
        const bytes = bytesOf(text)
        const scan = scanJson(bytes, 0, wanted)
        if (!scan.ok) throw new Error(scan.problem.kind)
        for (const [name, value] of Object.entries({ model, stream })) {
          const field = scan.fields.get(name)!
          const found: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(field.start, field.end)))
          expect(found).toEqual(JSON.parse(JSON.stringify(value)))
        }
        expect(scan.count).toBe(4)
      }),
    )
  })

  it('never throws on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
        scanJson(bytes, 0, wanted)
      }),
      { numRuns: 3000 },
    )
  })
})
