import { describe, expect, it } from 'vitest'
import type { HeaderList } from '../../wire/header-list.ts'
import { isGatewayError } from '../errors/errors.ts'
import { authenticate, createClientLookup, keyDigest } from './credentials.ts'

const key = 'hg-0123456789abcdef'
const other = 'hg-0123456789abcdeX'
const access = { name: 'team', tenant: 'team', pool: 'default' }
let lookups = 0
const known = createClientLookup([{ access, digests: [keyDigest(key), keyDigest(other)] }])
const clients = {
  names: known.names,
  tenants: known.tenants,
  priorities: known.priorities,
  byDigest(digest: string) {
    lookups++
    return known.byDigest(digest)
  },
}

function outcome(headers: HeaderList, target = '/v1/models'): string {
  try {
    return authenticate(headers, target, clients).client.name
  } catch (error) {
    if (isGatewayError(error)) return `${error.status} ${error.code}`
    throw error
  }
}

describe('authenticate', () => {
  it.each<[string, HeaderList]>([
    ['Authorization: Bearer', [['authorization', `Bearer ${key}`]]],
    ['a lower-case scheme', [['authorization', `bearer ${key}`]]],
    ['api-key', [['api-key', key]]],
    ['x-api-key', [['x-api-key', key]]],
    [
      'the same key twice in different headers',
      [
        ['authorization', `Bearer ${key}`],
        ['x-api-key', key],
      ],
    ],
    ['a second key of the same client', [['api-key', other]]],
  ])('accepts %s', (_name, headers) => {
    expect(outcome(headers)).toBe('team')
  })

  it.each<[string, HeaderList, string]>([
    ['nothing', [], '401 missing_api_key'],
    ['the scheme alone', [['authorization', 'Bearer']], '401 malformed_authorization'],
    ['the scheme and a space', [['authorization', 'Bearer ']], '401 malformed_authorization'],
    ['two spaces', [['authorization', `Bearer  ${key}`]], '401 malformed_authorization'],
    ['a tab', [['authorization', `Bearer\t${key}`]], '401 malformed_authorization'],
    ['another scheme', [['authorization', 'Basic abc']], '401 malformed_authorization'],
    ['an unknown key', [['authorization', `Bearer ${key}x`]], '401 invalid_api_key'],
    [
      'Authorization twice',
      [
        ['authorization', `Bearer ${key}`],
        ['authorization', `Bearer ${key}`],
      ],
      '400 duplicate_credentials',
    ],
    [
      'api-key twice',
      [
        ['api-key', key],
        ['api-key', key],
      ],
      '400 duplicate_credentials',
    ],
    [
      'two different keys',
      [
        ['authorization', `Bearer ${key}`],
        ['x-api-key', other],
      ],
      '400 conflicting_credentials',
    ],
    [
      'api-key and x-api-key that differ',
      [
        ['api-key', key],
        ['x-api-key', other],
      ],
      '400 conflicting_credentials',
    ],
  ])('refuses %s', (_name, headers, expected) => {
    expect(outcome(headers)).toBe(expected)
  })

  it.each(["' OR 1=1--", '%', 'a\u0000b', 'x'.repeat(8192), 'schlüssel-lang-genug', 'short'])(
    'refuses %j by its shape, without looking anything up',
    bad => {
      lookups = 0
      expect(outcome([['api-key', bad]])).toBe('401 invalid_api_key')
      expect(lookups).toBe(0)
    },
  )

  it('refuses a key in the query string, even next to a good header, and does not repeat it', () => {
    for (const name of ['api-key', 'api_key', 'key', 'access_token', 'API-KEY']) {
      expect(outcome([['api-key', key]], `/v1/models?x=1&${name}=${key}`)).toBe('400 credentials_in_query')
    }
    expect(() => authenticate([], `/v1/models?api-key=${key}`, clients)).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining(key) }),
    )
  })

  it('lets other queries pass', () => {
    expect(outcome([['api-key', key]], '/v1/responses/x?starting_after=3&stream=true')).toBe('team')
  })
})
