import type { Row } from './suite.ts'
import { ask, bearer, body, credential, good, head, type Send } from './wire.ts'

const challenge = [/^www-authenticate: Bearer/im]
/** What is refused by its head has a body that nobody reads: the connection ends with the answer. */
const unread = { connection: 'closes' } as const
const unknownKey = { status: 401, code: 'invalid_api_key', headers: challenge, ...unread } as const
const malformed = {
  status: 401,
  code: 'malformed_authorization',
  says: ['"Bearer YOUR_KEY"', 'one space'],
  headers: challenge,
  ...unread,
} as const
const create = (...fields: string[]): Send => body(good(), ...fields)
const untouched = (without: RegExp) => ({ status: 200, upstream: { body: good(), without } })

/** Credentials that are missing, misshapen, unknown, or more than one. */
const keys: readonly Row[] = [
  {
    input: 'no credential',
    send: credential(),
    status: 401,
    code: 'missing_api_key',
    says: ['Authorization: Bearer YOUR_KEY'],
    headers: challenge,
    ...unread,
  },
  ...['Bearer', 'Bearer  two-spaces-0123456789', 'Bearer\ttab-0123456789', 'Basic dXNlcjpwYXNz'].map(
    (value): Row => ({
      input: JSON.stringify(value),
      send: credential(`Authorization: ${value}`),
      ...malformed,
    }),
  ),
  {
    input: 'a scheme in lower case',
    send: credential(target => `authorization: bearer ${target.key()}`),
    ...untouched(/hg-team/),
  },
  ...['hg-unknown-0123456789', 'hg-', `hg-team-${'0'.repeat(24)}`].map(
    (key): Row => ({
      input: `the key ${key}, which is none`,
      send: credential(`Authorization: Bearer ${key}`),
      ...unknownKey,
    }),
  ),
  ...["'OR-1=1--", '%25%00', '%', 'k'.repeat(8192), '\u00e9\u00e8\u00ea-latin-1'].map(
    (key): Row => ({
      input: `the key ${key.slice(0, 24)}`,
      send: credential(`Authorization: Bearer ${key}`),
      ...unknownKey,
    }),
  ),
  { input: 'a key with spaces', send: credential("Authorization: Bearer ' OR 1=1--"), ...malformed },
  {
    input: 'NUL in a key',
    send: credential('Authorization: Bearer abc\0def-0123456789'),
    status: 400,
    code: 'bad_framing',
    connection: 'closes',
  },
  {
    input: 'two Authorization fields',
    send: credential(bearer, () => 'Authorization: Bearer other-0123456789'),
    status: 400,
    code: 'duplicate_credentials',
    says: ['Authorization', 'Send one credential'],
    connection: 'closes',
  },
  {
    input: 'two x-api-key fields',
    send: credential(
      target => `X-Api-Key: ${target.key()}`,
      () => 'X-Api-Key: other-0123456789',
    ),
    status: 400,
    code: 'duplicate_credentials',
    says: ['x-api-key', 'Send one credential'],
    ...unread,
  },
  {
    input: 'keys that differ',
    send: credential(bearer, () => 'x-api-key: other-0123456789'),
    status: 400,
    code: 'conflicting_credentials',
    says: ['Authorization', 'x-api-key', 'Send one credential'],
    ...unread,
  },
  ...['api_key', 'api-key', 'key', 'access_token'].map(
    (name): Row => ({
      input: `the key as ?${name}=`,
      send: target => head(`GET /v1/models?${name}=${target.key()}`),
      status: 400,
      code: 'credentials_in_query',
      says: [name, 'Authorization header'],
    }),
  ),
]

/** What a key does not open. */
const doors: readonly Row[] = [
  {
    input: 'a pool of another client',
    send: create('X-Headgate-Pool: other'),
    status: 404,
    code: 'pool_not_found',
    says: ['other', 'does not exist or is not available to this key'],
    ...unread,
  },
  {
    input: 'a pool that never was',
    send: create('X-Headgate-Pool: nowhere'),
    status: 404,
    code: 'pool_not_found',
    says: ['nowhere', 'does not exist or is not available to this key'],
    ...unread,
  },
  {
    input: 'the admin API with the key of a client',
    send: ask('GET /admin/api/accounts'),
    status: 404,
    code: 'unknown_route',
    because: 'there is no admin API without a token for it',
  },
]

/** Headers by which a client would be more than it is. */
const claims: readonly Row[] = [
  {
    input: 'addresses and a host of the client’s own making',
    send: create(
      'X-Forwarded-For: 127.0.0.1',
      'Forwarded: for=127.0.0.1;host=evil.test;proto=https',
      'X-Forwarded-Host: evil.test',
      'X-Forwarded-Proto: https',
      'X-Real-IP: 127.0.0.1',
      'Via: 1.1 evil.test',
    ),
    ...untouched(/^(x-)?forwarded|^x-real-ip|^via|evil\.test/),
  },
  {
    input: 'headers that would choose an account',
    send: create('X-Account-Id: hidden', 'X-Headgate-Account: hidden', 'OpenAI-Organization: org-other'),
    ...untouched(/hidden|org-other/),
  },
  {
    input: 'cookies, sessions and fields of one hop only',
    send: create(
      'Cookie: session=canary',
      'Session-Id: canary',
      'Proxy-Authorization: Basic canary',
      'Keep-Alive: canary=1',
      'TE: trailers',
      'Origin: https://canary.test',
    ),
    ...untouched(/canary|^(cookie|te|origin|proxy-|keep-alive|session)/),
  },
  {
    input: 'fields named after what every object has',
    send: create('__proto__: x', 'constructor: y', 'hasOwnProperty: z'),
    ...untouched(/^(__proto__|constructor|hasownproperty)/),
  },
  {
    input: 'two pools',
    send: create('X-Headgate-Pool: default', 'X-Headgate-Pool: other'),
    status: 400,
    code: 'duplicate_header',
    says: ['x-headgate-pool', 'Send it once'],
    ...unread,
  },
  {
    input: 'two sessions',
    send: create('Session-Id: one', 'Session-Id: two'),
    status: 400,
    code: 'duplicate_header',
    says: ['session-id', 'Send it once'],
  },
  {
    input: 'a request that three gateways have passed on',
    send: create('X-Headgate-Hops: 3'),
    status: 508,
    code: 'loop_detected',
    says: ['3 gateways', 'points back'],
    headers: [/^x-should-retry: false/im],
    ...unread,
  },
]

/** Everything about who asks, and as what. */
export const credentialRows: readonly Row[] = [...keys, ...doors, ...claims]
