// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables are what is tested
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { ConfigError } from '../../src/config/errors.ts'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import { printConfig } from '../../src/config/print.ts'
import { toDocument } from '../../src/config/to-document.ts'
import { secrets, temporaryFolder } from './fixture.ts'

const inlineSecret = 'sk-inline-canary-5555555555'
const fileSecret = 'sk-file-canary-7777777777'
const canaries = [...Object.values(secrets), inlineSecret, fileSecret]

const valid = `server: { host: 127.0.0.1, port: 8080, trustedProxies: [10.0.0.0/8] }
admin: { token: "\${ADMIN_TOKEN}" }
clients:
  - { name: team, tenant: t, keys: ["\${TEAM_KEY}", "${inlineSecret}"], pool: default, concurrency: 4 }
accounts:
  - { id: one, apiKey: "\${OPENAI_KEY}", concurrency: 8, models: [gpt-5.1, "gpt-4*"], stateDomain: x }
  - { id: two, kind: azure, baseUrl: "https://r.example.com/openai/v1", apiKeyFile: ./key, models: { a: b } }
  - { id: three, kind: openai-compatible, baseUrl: "http://10.0.0.7/v1", allowPrivate: true, capabilities: { chat: false } }
  - { id: four, kind: azure, baseUrl: "https://r.example.com/openai/v1", auth: { kind: entra, tenantId: t, clientId: c, clientSecretFile: ./key } }
  - { id: five, kind: openai-compatible, baseUrl: "https://r.example.com/v1", proxy: "http://user:\${TEAM_KEY}@p.example.com", tls: { serverName: x }, connectTimeout: 3s }
pools:
  default: { accounts: ["*"], scheduler: { profile: classic, weights: { load: 0 }, wait: { timeout: 5s } } }
  other:
    scheduler: { profile: adaptive, wait: { shed: 2s } }
    firstTokenTimeout: 4s
    totalTimeout: 30m
    hedge: { after: 2s, budget: 0.1 }
    fingerprint: false
    fillPromptCacheKey: false
    blocks: [{ status: 429, words: [daily], for: 1h }]
limits: { keepalive: off, total: 2h, body: 1MiB, stalledReader: 9s, drain: 10s, retryRatio: 0.5 }
telemetry: { logLevel: warn, metricsPort: 9090, decisionLog: { path: ./log } }
`

/** What may take the place of anything in the document. */
const replacement = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1.5,
    1e9,
    '',
    '*',
    '5',
    '5s',
    '1MiB',
    'default',
    'one',
    [],
    {},
    [null],
  ),
  fc.constantFrom<unknown>(
    inlineSecret,
    secrets.OPENAI_KEY,
    '${OPENAI_KEY}',
    '${TEAM_KEY}',
    '${NOPE}',
    '${',
    './key',
  ),
  fc.string(),
  fc.jsonValue({ maxDepth: 2 }),
)

const mutation = fc.record({
  /** Picks a place: a number for each level, taken modulo the number of entries there. */
  steps: fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }),
  change: fc.constantFrom('replace', 'remove', 'add', 'rename'),
  key: fc.oneof(fc.string(), fc.constantFrom('__proto__', 'apiKey', '<<', inlineSecret, 'toString', 'key')),
  value: replacement,
})

type Mutation = typeof mutation extends fc.Arbitrary<infer T> ? T : never

function mutate(document: unknown, { steps, change, key, value }: Mutation): void {
  let container = document as Record<string, unknown>
  for (const [depth, step] of steps.entries()) {
    const keys = Object.keys(container)
    const chosen = keys[step % Math.max(1, keys.length)]
    if (chosen === undefined) return
    const inner = container[chosen]
    if (depth < steps.length - 1 && typeof inner === 'object' && inner !== null) {
      container = inner as Record<string, unknown>
      continue
    }
    if (change === 'remove') delete container[chosen]
    else if (change === 'replace') container[chosen] = value
    else if (Array.isArray(container)) container.push(value)
    else
      Object.defineProperty(container, key, {
        value: change === 'add' ? value : inner,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    return
  }
}

/** A configuration, or the located errors; anything else fails the test. */
async function attempt(path: string, text: string): Promise<LoadedConfig | ConfigError> {
  writeFileSync(path, text, { mode: 0o644 })
  try {
    return await loadConfig({ path, env: secrets })
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}

function expectNoSecret(result: LoadedConfig | ConfigError): void {
  const shown =
    result instanceof ConfigError
      ? [result.message, JSON.stringify(result), inspect(result, { depth: 9 })]
      : [printConfig(result, { withOrigin: true }), JSON.stringify(result), inspect(result, { depth: 9 })]
  const leaks = canaries.filter(canary => shown.some(text => text.includes(canary)))
  expect(leaks).toEqual([])
}

function expectLocated(result: LoadedConfig | ConfigError): void {
  if (!(result instanceof ConfigError)) return
  expect(result.problems.length).toBeGreaterThan(0)
  for (const line of result.message.split('\n')) expect(line).toMatch(/config\.yaml:\d+:\d+.*: .*Fix: ./)
}

function workplace(): string {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'key'), fileSecret)
  return join(folder, 'config.yaml')
}

it('gives a configuration or located errors, and no secret, whatever is done to a valid document', async () => {
  const path = workplace()
  expect(await attempt(path, valid)).not.toBeInstanceOf(ConfigError)
  await fc.assert(
    fc.asyncProperty(fc.array(mutation, { minLength: 1, maxLength: 3 }), async mutations => {
      const document: unknown = parse(valid)
      for (const one of mutations) mutate(document, one)
      const result = await attempt(path, stringify(document, { lineWidth: 0 }))
      expectNoSecret(result)
      expectLocated(result)
    }),
    { numRuns: 300 },
  )
})

it('gives a configuration or located errors, and no secret, whatever is done to the text', async () => {
  const path = workplace()
  const edit = fc.record({
    at: fc.nat(valid.length),
    remove: fc.nat(30),
    insert: fc.oneof(
      fc.string(),
      fc.constantFrom('\t', '\n', '"', '[', '}', '*a', '&a', '!!js', '${', ': ', '- ', '---\n'),
    ),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async edits => {
      const text = edits.reduce(
        (now, { at, remove, insert }) => now.slice(0, at) + insert + now.slice(at + remove),
        valid,
      )
      const result = await attempt(path, text)
      // Cut in two, a key is no longer the key the file holds; what is left of it may be the name of something.
      if (canaries.every(canary => text.includes(canary) || !valid.includes(canary))) expectNoSecret(result)
      expectLocated(result)
    }),
    { numRuns: 300 },
  )
})

it('loses nothing: what is printed loads as the same configuration', async () => {
  const path = workplace()
  const first = (await attempt(path, valid)) as LoadedConfig
  const revealed = stringify(toDocument(first.config, secret => secret.reveal().replaceAll('${', '$${')))
  const second = (await attempt(path, revealed)) as LoadedConfig
  const comparable = (loaded: LoadedConfig) => toDocument(loaded.config, secret => secret.reveal())
  expect(comparable(second)).toEqual(comparable(first))
  // What is printed is only half of it: a key that the print forgets comes back as its default.
  expect(JSON.parse(JSON.stringify(second.config))).toEqual(JSON.parse(JSON.stringify(first.config)))
})
