import fc from 'fast-check'
import { expect, it } from 'vitest'
import { spliceBytes } from './splice.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const textOf = (body: Uint8Array | readonly Uint8Array[]): string =>
  Buffer.concat(body instanceof Uint8Array ? [body] : [...body]).toString('utf8')

it('replaces a range and leaves every other byte alone', () => {
  const body = bytesOf('{"model":"a","x":"é"}')
  expect(textOf(spliceBytes(body, [{ start: 9, end: 12, bytes: bytesOf('"longer"') }]))).toBe(
    '{"model":"longer","x":"é"}',
  )
})

it('gives the very same bytes back when nothing is replaced', () => {
  const body = bytesOf('{}')
  expect(spliceBytes(body, [])).toBe(body)
})

it('refuses ranges that overlap or stand out of order', () => {
  const body = bytesOf('abcdef')
  const piece = new Uint8Array(0)
  expect(() =>
    spliceBytes(body, [
      { start: 2, end: 4, bytes: piece },
      { start: 3, end: 5, bytes: piece },
    ]),
  ).toThrow(RangeError)
})

it('equals cutting and joining the text, for any ranges', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(3), fc.nat(3), fc.string({ maxLength: 3 })), { maxLength: 5 }),
      cuts => {
        const body = bytesOf('0123456789'.repeat(4))
        const splices = []
        let expected = ''
        let at = 0
        for (const [gap, width, text] of cuts) {
          expected += textOf(body.subarray(at, at + gap)) + text
          splices.push({ start: at + gap, end: at + gap + width, bytes: bytesOf(text) })
          at += gap + width
        }
        expect(textOf(spliceBytes(body, splices))).toBe(expected + textOf(body.subarray(at)))
      },
    ),
  )
})
