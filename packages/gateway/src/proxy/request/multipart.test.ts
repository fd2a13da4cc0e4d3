import { describe, expect, it } from 'vitest'
import { isGatewayError } from '../errors/errors.ts'
import { formBoundary, readForm } from './multipart.ts'

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text)
const field = (name: string, value: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
const form = (...parts: string[]): Uint8Array => bytesOf(`${parts.join('')}--b--\r\n`)
const wanted = new Set(['model'])

function refusal(body: Uint8Array): string {
  try {
    readForm(body, 'b', wanted)
    return 'accepted'
  } catch (error) {
    return isGatewayError(error) ? error.code : String(error)
  }
}

describe('formBoundary', () => {
  it.each([
    ['multipart/form-data; boundary=abc', 'abc'],
    ['multipart/form-data; boundary="a b"', 'a b'],
    ['Multipart/Form-Data;boundary=----WebKitFormBoundary7MA4', '----WebKitFormBoundary7MA4'],
    ['multipart/form-data; charset=utf-8; boundary=abc', 'abc'],
  ])('reads that of %s', (type, boundary) => {
    expect(formBoundary(type)).toBe(boundary)
  })

  it.each([
    undefined,
    'application/json',
    'multipart/form-data',
    'multipart/mixed; boundary=abc',
    'multipart/form-data; boundary=',
    'multipart/form-data; boundary=a; boundary=b',
    `multipart/form-data; boundary=${'a'.repeat(71)}`,
  ])('knows no boundary in %s', type => {
    expect(formBoundary(type)).toBeUndefined()
  })
})

describe('readForm', () => {
  it('finds a field and the place of its value, whatever the other parts hold', () => {
    const file =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a\\"b.wav"\r\nContent-Type: audio/wav\r\n\r\n--bytes\r\n--\r\n'
    const body = form(file, field('model', 'whisper-é'), field('prompt', 'name="model"'))
    const { value, start, end } = readForm(body, 'b', wanted).get('model')!
    expect(value).toBe('whisper-é')
    expect(new TextDecoder().decode(body.subarray(start, end))).toBe('whisper-é')
  })

  it('says nothing of fields that are not wanted, and takes an empty form', () => {
    expect(readForm(form(field('prompt', 'x')), 'b', wanted).size).toBe(0)
    expect(readForm(bytesOf('--b--'), 'b', wanted).size).toBe(0)
  })

  it.each([
    ['a field twice', form(field('model', 'a'), field('model', 'b')), 'duplicate_field'],
    ['a preamble', bytesOf(`x\r\n${field('model', 'a')}--b--`), 'invalid_form'],
    ['a form that breaks off', bytesOf(field('model', 'a')), 'invalid_form'],
    ['a part that breaks off', bytesOf(field('model', 'a').slice(0, -4)), 'invalid_form'],
    ['bare line feeds', bytesOf(field('model', 'a').replaceAll('\r', '')), 'invalid_form'],
    ['a part without a name', form('--b\r\nContent-Type: text/plain\r\n\r\nx\r\n'), 'invalid_form'],
    [
      'a name without quotes',
      form('--b\r\nContent-Disposition: form-data; name=model\r\n\r\na\r\n'),
      'invalid_form',
    ],
    [
      'an escaped name',
      form('--b\r\nContent-Disposition: form-data; name="mo\\del"\r\n\r\na\r\n'),
      'invalid_form',
    ],
    [
      'an extended name',
      form("--b\r\nContent-Disposition: form-data; name*=utf-8''model\r\n\r\na\r\n"),
      'invalid_form',
    ],
    [
      'two dispositions',
      form(
        '--b\r\nContent-Disposition: form-data; name="x"\r\nContent-Disposition: form-data; name="model"\r\n\r\na\r\n',
      ),
      'invalid_form',
    ],
    [
      'a folded disposition',
      form('--b\r\nContent-Disposition: form-data;\r\n name="model"\r\n\r\na\r\n'),
      'invalid_form',
    ],
    ['a hundred and one parts', form(...Array.from({ length: 101 }, () => field('x', 'y'))), 'invalid_form'],
  ])('refuses %s', (_what, body, code) => {
    expect(refusal(body)).toBe(code)
  })
})
