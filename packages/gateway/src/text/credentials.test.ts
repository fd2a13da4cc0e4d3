import { afterEach, describe, expect, it } from 'vitest'
import { cleanText } from '../proxy/errors/clean-text.ts'
import { redactFields } from '../telemetry/redact.ts'
import { hideCredentials, knowCredentials } from './credentials.ts'

const [one, two] = [{}, {}]
const azure = '0123456789abcdef0123456789abcdef'

afterEach(() => {
  knowCredentials(one, [])
  knowCredentials(two, [])
})

describe('credentials in force', () => {
  it('are hidden from logs and from clients, whatever their shape', () => {
    const text = `the key ${azure} is not valid`
    expect(hideCredentials(text)).toBe(text)
    knowCredentials(one, [azure])
    expect(hideCredentials(text)).toBe('the key *** is not valid')
    expect(cleanText(text)).toBe('the key *** is not valid')
    const error = new Error(text)
    expect(JSON.stringify(redactFields({ upstreamMessage: text, error }))).not.toContain(azure)
  })

  it('are taken as they stand, the longest first', () => {
    knowCredentials(one, ['a.b+c$d(e)', 'prefix-12', 'prefix-12-and-more'])
    expect(hideCredentials('a.b+c$d(e) aXb+c$d(e) prefix-12-and-more')).toBe('*** aXb+c$d(e) ***')
  })

  it('are those of every owner, and nobody else forgets them', () => {
    knowCredentials(one, [azure])
    knowCredentials(two, [azure, 'another-key'])
    knowCredentials(two, [])
    expect(hideCredentials(`${azure} another-key`)).toBe('*** another-key')
  })

  it('do not blank out words when one is as short as a word', () => {
    knowCredentials(one, ['model', azure])
    expect(hideCredentials('the model was not found on this account')).toContain('model')
  })
})
