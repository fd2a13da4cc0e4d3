/** How an account is reached and with what credential: what is accepted, refused, printed and kept secret. */
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { printConfig } from '../../src/config/print.ts'
import { selfSigned } from '../fixtures/self-signed.ts'
import { load, problemsOf } from './fixture.ts'

const own = selfSigned()
const files = {
  'cert.pem': own.cert,
  'key.pem': own.key,
  'ca.pem': own.cert,
  secret: 'entra~canary-0123456789\n',
}

/** A file with one account, whose fields a test gives. */
const account = (fields: string): string =>
  `clients: [{ name: team, keys: ["\${TEAM_KEY}"] }]\naccounts:\n  - { id: one, ${fields} }\n`

const azure = 'kind: azure, baseUrl: "https://r.openai.azure.com/openai/v1"'
const entra =
  'auth: { kind: entra, tenantId: t.example.com, clientId: app, clientSecret: "entra~canary-0123456789" }'
const server = 'kind: openai-compatible, baseUrl: "https://inference.example.com/v1"'
const read = async (fields: string) => (await load({ text: account(fields), files })).config.accounts[0]!

describe('the client credentials of Entra', () => {
  it('stand in the place of a key, with the public cloud as the default', async () => {
    const { apiKey, auth } = await read(`${azure}, ${entra}`)
    expect(apiKey).toBeUndefined()
    expect(auth).toMatchObject({
      ...{ tenantId: 't.example.com', clientId: 'app', scope: 'https://ai.azure.com/.default' },
      authority: 'https://login.microsoftonline.com',
    })
    expect(auth!.clientSecret.reveal()).toBe('entra~canary-0123456789')
  })

  it('may keep the secret in a file', async () => {
    const fields = 'auth: { kind: entra, tenantId: t, clientId: app, clientSecretFile: secret }'
    expect((await read(`${azure}, ${fields}`)).auth!.clientSecret.reveal()).toBe('entra~canary-0123456789')
  })

  it.each([
    [
      'beside a key',
      `${azure}, ${entra}, apiKey: k`,
      /accounts\[0\]\.auth: stands beside a key, and never both are sent\. Fix: keep one/,
    ],
    [
      'for another kind',
      `${server}, ${entra}`,
      /accounts\[0\]\.auth: is for kind azure, and this account is openai-compatible/,
    ],
    [
      'without a secret',
      `${azure}, auth: { kind: entra, tenantId: t, clientId: a }`,
      /accounts\[0\]\.auth\.clientSecret: is missing\. Fix: add clientSecret/,
    ],
    [
      'with two secrets',
      `${azure}, auth: { kind: entra, tenantId: t, clientId: a, clientSecret: s, clientSecretFile: secret }`,
      /clientSecretFile: stands beside clientSecret/,
    ],
    [
      'of another kind',
      `${azure}, auth: { kind: oauth, tenantId: t, clientId: a, clientSecret: s }`,
      /accounts\[0\]\.auth\.kind: must be entra/,
    ],
    [
      'of an authority inside the network',
      `${azure}, auth: { kind: entra, tenantId: t, clientId: a, clientSecret: s, authority: "https://169.254.169.254" }`,
      /auth\.authority: leads to a cloud metadata service/,
    ],
    [
      'of an authority without TLS',
      `${azure}, auth: { kind: entra, tenantId: t, clientId: a, clientSecret: s, authority: "http://login.example.com" }`,
      /auth\.authority: uses plain http/,
    ],
    [
      'with a path for a tenant',
      `${azure}, auth: { kind: entra, tenantId: "a/../b", clientId: a, clientSecret: s }`,
      /auth\.tenantId: must be the id of a directory/,
    ],
  ])('are refused %s', async (_what, fields, expected) => {
    expect(await problemsOf({ text: account(fields), files })).toEqual([expect.stringMatching(expected)])
  })

  it('are asked for when there is neither a key nor them', async () => {
    expect(await problemsOf({ text: account(azure) })).toEqual([
      expect.stringMatching(/apiKey: is missing; an account of kind azure needs a key/),
    ])
  })
})

describe('an egress proxy', () => {
  it('is a place and a credential', async () => {
    const { proxy } = await read(`${server}, proxy: "http://us%40er:pa%3Ass@proxy.example.com:3128"`)
    expect(proxy!.origin).toBe('http://proxy.example.com:3128')
    expect(proxy!.credentials!.reveal()).toBe('us%40er:pa%3Ass')
    expect((await read(`${server}, proxy: "https://proxy.example.com"`)).proxy).toEqual({
      ...{ origin: 'https://proxy.example.com', credentials: undefined },
    })
  })

  it.each([
    [
      'a port alone',
      '"3128"',
      /accounts\[0\]\.proxy: must be an http or https URL\. Fix: write http:\/\/HOST:PORT/,
    ],
    [
      'another protocol',
      '"socks5://proxy.example.com"',
      /accounts\[0\]\.proxy: must be an http or https URL/,
    ],
    ['a path', '"http://proxy.example.com/path"', /accounts\[0\]\.proxy: holds a path/],
    ['a query', '"http://proxy.example.com?x=canary"', /accounts\[0\]\.proxy: holds a query/],
    [
      'a % that encodes nothing',
      '"http://user:pa%zz@proxy.example.com"',
      /accounts\[0\]\.proxy: holds a % that encodes nothing/,
    ],
    [
      'an address inside',
      '"http://user:pass-canary@127.1:3128"',
      /accounts\[0\]\.proxy: leads to this machine itself \(loopback\)\. Fix: add allowPrivate/,
    ],
  ])('is refused as %s', async (_what, proxy, expected) => {
    const problems = await problemsOf({ text: account(`${server}, proxy: ${proxy}`) })
    expect(problems).toEqual([expect.stringMatching(expected)])
    expect(problems.join()).not.toContain('canary')
  })

  it('may be inside the network when the operator says so', async () => {
    expect((await read(`${server}, allowPrivate: true, proxy: "http://10.0.0.1:3128"`)).proxy!.origin).toBe(
      'http://10.0.0.1:3128',
    )
  })
})

describe('the TLS files of an account', () => {
  it('are read and checked, each on its own or as a pair', async () => {
    const { tls } = await read(
      `${server}, tls: { ca: ca.pem, cert: cert.pem, key: key.pem, serverName: inner }`,
    )
    expect(tls).toMatchObject({ ca: own.cert, cert: own.cert, serverName: 'inner' })
    expect(tls!.key!.reveal()).toBe(own.key)
    expect((await read(`${server}, tls: { serverName: inner }`)).tls).toMatchObject({ serverName: 'inner' })
  })

  it.each([
    [
      'a missing file',
      'tls: { ca: nowhere.pem }',
      /^config\.yaml:3:\d+ accounts\[0\]\.tls\.ca: the file does not exist/,
    ],
    [
      'a key in the place of an authority',
      'tls: { ca: key.pem }',
      /accounts\[0\]\.tls\.ca: the file is not a certificate in PEM/,
    ],
    [
      'a certificate without its key',
      'tls: { cert: cert.pem }',
      /accounts\[0\]\.tls\.cert: stands without tls\.key/,
    ],
    [
      'a key without its certificate',
      'tls: { key: key.pem }',
      /accounts\[0\]\.tls\.key: stands without tls\.cert/,
    ],
    [
      'the key of another certificate',
      'tls: { cert: cert.pem, key: other.pem }',
      /accounts\[0\]\.tls\.key: the file is not the key of the certificate in accounts\[0\]\.tls\.cert/,
    ],
    [
      'a name that is none',
      'tls: { serverName: "a b" }',
      /accounts\[0\]\.tls\.serverName: must be a host name/,
    ],
  ])('are refused: %s', async (_what, fields, expected) => {
    const present = { ...files, 'other.pem': selfSigned().key }
    expect(await problemsOf({ text: account(`${server}, ${fields}`), files: present })).toEqual([
      expect.stringMatching(expected),
    ])
  })

  it('are warned of when the certificate has expired', async () => {
    const old = selfSigned({ notAfter: new Date('2021-01-01T00:00:00Z') })
    const text = account(`${server}, tls: { cert: cert.pem, key: key.pem }`)
    const { warnings } = await load({ text, files: { 'cert.pem': old.cert, 'key.pem': old.key } })
    expect(warnings.map(({ path }) => path)).toEqual([['accounts', 0, 'tls', 'cert']])
  })
})

describe('what an upstream may be asked about', () => {
  it('is everything where the file says nothing, and nothing where it says something', async () => {
    expect((await read(server)).discover).toContain('embeddings')
    expect((await read(`${server}, capabilities: { chat: true }`)).discover).toEqual([])
    expect((await read(`${server}, discover: false`)).discover).toEqual([])
    expect((await read(`${azure}, apiKey: k`)).discover).toEqual([])
  })

  it('is what the file leaves open when it asks for it', async () => {
    const { discover, capabilities } = await read(
      `${server}, discover: true, capabilities: { embeddings: false }`,
    )
    expect(discover).not.toContain('embeddings')
    expect(discover).toContain('chat')
    expect(capabilities.embeddings).toBe(false)
  })

  it('is nothing for the kinds that are known', async () => {
    expect(await problemsOf({ text: account(`${azure}, apiKey: k, discover: true`) })).toEqual([
      expect.stringMatching(/discover: is for kind openai-compatible/),
    ])
  })
})

describe('an address inside the network', () => {
  const hosts = [
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '127.0.0.1',
    '127.1',
    '0x7f.1',
    '2130706433',
    '0177.0.0.1',
    '１２７.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '192.168.0.1',
    '100.64.0.1',
    '169.254.169.254',
    '100.100.100.200',
    'metadata.google.internal',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '[fd00:ec2::254]',
  ]

  it.each(hosts)('is refused in every URL of an account, however it is spelled: %s', async host => {
    const fields = `kind: azure, baseUrl: "https://${host}/openai/v1", proxy: "http://${host}:3128", auth: { kind: entra, tenantId: t, clientId: c, clientSecret: s, authority: "https://${host}" }`
    const problems = await problemsOf({ text: account(fields) })
    const places = ['baseUrl', 'proxy', 'auth.authority'].map(place =>
      expect.stringMatching(`accounts\\[0\\]\\.${place}: leads to `),
    )
    expect(problems).toHaveLength(3)
    expect(problems).toEqual(expect.arrayContaining(places))
  })
})

it('prints neither the secret, nor the key, nor what the proxy is told', async () => {
  const fields = `${azure}, ${entra}, proxy: "http://user:proxy-canary-012345@proxy.example.com", tls: { cert: cert.pem, key: key.pem }`
  const loaded = await load({ text: account(fields), files })
  const printed = printConfig(loaded, { withOrigin: true })
  expect(printed).toMatch(/proxy: http:\/\/\[secret …2345\]@proxy\.example\.com/)
  for (const text of [
    printed,
    inspect(loaded, { depth: 20, showHidden: true }),
    JSON.stringify(loaded.config),
  ]) {
    expect(text).not.toMatch(/entra~canary-0123456789|proxy-canary-012345|PRIVATE KEY/)
  }
})
