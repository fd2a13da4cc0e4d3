import fc from 'fast-check'
import { expect, it } from 'vitest'
import { MultipartReader } from './multipart-reader.ts'

const BOUNDARY = 'b0undary'

/** Reads a form in pieces of these sizes, again and again. */
function read(form: string, sizes: readonly number[]) {
  const parts: { name: string; filename: string | null; content: string }[] = []
  const reader = new MultipartReader(BOUNDARY, {
    onPart(head) {
      const part = { ...head, content: '' }
      parts.push(part)
      return piece => {
        part.content += piece.toString('latin1')
      }
    },
  })
  const bytes = Buffer.from(form, 'latin1')
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    reader.write(bytes.subarray(at, at + size))
    at += size
  }
  return { parts, complete: reader.complete }
}

it('finds every part, whatever the pieces it comes in and however like a boundary its content is', () => {
  const hostile = fc.constantFrom(
    '\r',
    '\n',
    '-',
    '--',
    '\r\n',
    `\r\n--${BOUNDARY.slice(0, -1)}`,
    'x',
    '\r\n\r\n',
  )
  const content = fc.array(hostile, { maxLength: 12 }).map(pieces => pieces.join(''))
  const contents = fc.array(content, { minLength: 1, maxLength: 4 })
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })
  const property = fc.property(contents, sizes, (contents, sizes) => {
    const part = (text: string, index: number) =>
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="f${index}"; filename="a%22b"\r\ncontent-type: x/y\r\n\r\n${text}\r\n`
    const form = `${contents.map(part).join('')}--${BOUNDARY}--\r\n`
    expect(read(form, sizes)).toEqual({
      complete: true,
      parts: contents.map((text, index) => ({ name: `f${index}`, filename: 'a"b', content: text })),
    })
  })
  fc.assert(property, { numRuns: 300 })
})

it.each([
  ['that does not end', `--${BOUNDARY}\r\ncontent-disposition: form-data; name="x"\r\n\r\nx`],
  ['whose part has no name', `--${BOUNDARY}\r\ncontent-disposition: form-data\r\n\r\nx\r\n--${BOUNDARY}--`],
  ['with a head without end', `--${BOUNDARY}\r\n${'x'.repeat(20_000)}`],
  ['with something else behind a boundary', `--${BOUNDARY}xx\r\n\r\n--${BOUNDARY}--`],
  ['that is empty', ''],
])('takes no form %s for complete', (_, form) => {
  expect(read(form, [1000]).complete).toBe(false)
})
