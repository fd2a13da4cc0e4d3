/**
 * Every bad input of the other files once more, against a process that logs all it can, and then a search of
 * everything it has said: to clients, to its log, to its decision log, in its metrics, over its admin API.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMockUpstream } from '@headgate/mock-upstream'
import { expect, it, onTestFinished } from 'vitest'
import { headgate, temporaryFolder } from '../../fixtures/child.ts'
import { RawClient } from '../../sockets/raw-client.ts'
import { RawUpstream } from '../../sockets/raw-upstream.ts'
import { credentialRows } from './credential-rows.ts'
import { httpRows } from './http-rows.ts'
import { jsonRows } from './json-rows.ts'
import { type UpstreamRow, upstreamRows } from './upstream-rows.ts'
import { event, jsonType, reply, stream } from './upstream-wire.ts'
import { ask, body, good, type Target } from './wire.ts'

const secrets = {
  team: 'hgk-7f3a91c0team-0123456789abcdef',
  neighbour: 'hgk-55d1e8b2near-0123456789abcdef',
  other: 'hgk-0b6c2a9fother-0123456789abcdef',
  mock: 'sk-upstream-4c1d8e77mock-0123456789',
  raw: 'sk-upstream-raw-9a2b3c4d-0123456789',
  admin: 'adm-3e9f1b77token-0123456789abcdef',
} as const

/** What a secret looks like in disguise; its beginning alone is told by no one either. */
const disguises = (secret: string): string[] => [
  secret,
  Buffer.from(secret).toString('base64').replace(/=+$/, ''),
  encodeURIComponent(secret),
  Buffer.from(secret).toString('hex'),
  secret.slice(0, 12),
]

/** Upstreams that repeat the key they were shown, in every kind of answer that is not a model's. */
const echoes: readonly Pick<UpstreamRow, 'says' | 'wire'>[] = [
  ...[400, 401, 403, 404, 422, 429, 500, 503].map(status => ({
    wire: 'json' as const,
    says: reply(
      status,
      JSON.stringify({ error: { message: `no: ${secrets.raw}`, code: secrets.raw } }),
      jsonType,
    ),
  })),
  ...['server_error', 'invalid_prompt', 'rate_limit_exceeded'].map(code => ({
    wire: 'stream' as const,
    says: stream(
      event('response.failed', { response: { id: 'resp_raw', error: { code, message: secrets.raw } } }),
    ),
  })),
  { wire: 'json', says: reply(200, secrets.raw, `Content-Type: ${secrets.raw}`) },
]

it('no secret and no prompt is in anything that is said of a bad input', async () => {
  const mock = await createMockUpstream({ accounts: { [secrets.mock]: { name: 'a1' } } })
  onTestFinished(() => mock.close())
  const upstream = await RawUpstream.open()
  onTestFinished(() => upstream.close())
  const folder = temporaryFolder()
  const account = { kind: 'openai-compatible', allowPrivate: true, capabilities: { storedResponses: true } }
  const config = {
    server: { port: 0 },
    admin: { token: secrets.admin },
    clients: [
      { name: 'team', keys: [secrets.team], pools: ['default', 'raw'] },
      { name: 'neighbour', keys: [secrets.neighbour] },
      { name: 'other', keys: [secrets.other], pool: 'raw' },
    ],
    accounts: [
      {
        ...account,
        id: 'a1',
        baseUrl: `${mock.url}/v1`,
        apiKey: secrets.mock,
        models: ['gpt-5.1', 'gpt-4o'],
      },
      { ...account, id: 'raw', baseUrl: upstream.url, apiKey: secrets.raw },
    ],
    pools: { default: { accounts: ['a1'] }, raw: { accounts: ['raw'] } },
    limits: {
      body: '2MiB',
      headerTimeout: '100ms',
      bodyIdle: '100ms',
      idleTimeout: '100ms',
      headersTimeout: '100ms',
      total: '1s',
    },
    telemetry: { logLevel: 'trace', decisionLog: { path: './decisions.jsonl' } },
  }
  writeFileSync(join(folder, 'config.yaml'), JSON.stringify(config), { mode: 0o600 })
  const child = headgate(['serve'], { cwd: folder })
  const [, url] = (await child.said('stdout', /Headgate listens on (\S+)/)) as unknown as [string, string]
  const keyOf = (client = 'team'): string => secrets[client as keyof typeof secrets]
  const target: Target = {
    port: Number(new URL(url).port),
    key: keyOf,
    fetch: (path, { json, client, headers, ...init } = {}) =>
      fetch(`${url}${path}`, {
        ...(json === undefined ? {} : { method: 'POST', body: JSON.stringify(json) }),
        ...init,
        headers: {
          authorization: `Bearer ${keyOf(client)}`,
          'content-type': 'application/json',
          ...(headers as object),
        },
      }),
  }
  const admin = async (method: string, path: string): Promise<string> =>
    await (
      await fetch(`${url}/admin/api${path}`, {
        method,
        headers: { authorization: `Bearer ${secrets.admin}` },
      })
    ).text()

  let told = ''
  for (const row of [...httpRows, ...jsonRows, ...credentialRows]) {
    const client = await RawClient.open(target.port)
    client.send(await row.send(target))
    if (row.fin) client.socket.end()
    told += (await client.whole()).text
    client.close()
  }
  for (const row of [...upstreamRows, ...echoes]) {
    upstream.script = row
    const stream = row.wire !== 'json'
    const answer = await target.fetch('/v1/responses', {
      client: 'other',
      json: { model: `gpt-${told.length}`, input: 'x', stream },
    })
    told += `${JSON.stringify([...answer.headers])}${await answer.text()}`
    await admin('POST', '/accounts/raw/reset')
  }
  const withPrompt = await RawClient.open(target.port)
  const prompt = 'the-prompt-that-nobody-may-read'
  await withPrompt
    .send(await body(good({ input: prompt }), 'Cookie: the-prompt-that-nobody-may-read')(target))
    .whole()
  withPrompt.close()
  const wrongAdmin = await RawClient.open(target.port)
  told += (await wrongAdmin.send(await ask('GET /admin/api/accounts')(target)).whole()).text
  wrongAdmin.close()

  const operator = [
    await (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${secrets.admin}` } })).text(),
    ...(await Promise.all(
      ['/accounts', '/events', '/decisions', '/accounts/raw'].map(path => admin('GET', path)),
    )),
    await admin('POST', '/reload'),
  ]
  child.kill('SIGTERM')
  await child.ended
  const log = child.stdout + child.stderr
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && entry.name !== 'config.yaml')
    .map(entry => readFileSync(join(entry.parentPath, entry.name), 'latin1'))

  expect(log).toContain('upstream_auth')
  expect(files.join('')).toContain('"outcome"')
  for (const line of child.stdout.split('\n').filter(line => line.startsWith('{'))) JSON.parse(line)
  for (const [where, text] of Object.entries({
    told,
    log,
    files: files.join('\n'),
    operator: operator.join('\n'),
  })) {
    for (const [name, secret] of Object.entries(secrets)) {
      for (const disguise of disguises(secret))
        expect(
          text.includes(disguise)
            ? text.slice(Math.max(0, text.indexOf(disguise) - 300), text.indexOf(disguise) + 60)
            : '',
          `${name} in ${where}`,
        ).toBe('')
    }
    if (where !== 'told') expect(text.includes(prompt), `the prompt in ${where}`).toBe(false)
  }
})
