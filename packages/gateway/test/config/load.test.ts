// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables are what is tested
import { join } from 'node:path'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { configFromEnvironment, demoConfig } from '../../src/config/from-environment.ts'
import { loadConfig } from '../../src/config/load.ts'
import { printConfig } from '../../src/config/print.ts'
import { load, problemsOf, secrets, temporaryFolder, yaml } from './fixture.ts'

describe('a loaded configuration', () => {
  it('has every default filled in, durations in milliseconds and sizes in bytes', async () => {
    const { config, warnings } = await load({ text: yaml() })
    expect(warnings).toEqual([])
    expect(config.server).toEqual({ host: '127.0.0.1', port: 8080, trustedProxies: [] })
    expect(config.admin.token).toBeUndefined()
    expect(config.accounts[0]).toMatchObject({
      baseUrl: 'https://api.openai.com/v1',
      stateDomain: 'one',
      limitDomain: 'one',
      concurrency: undefined,
      priority: 1,
      headersTimeoutMs: 600_000,
    })
    expect(config.pools).toMatchObject([
      { name: 'default', accounts: ['one'], commit: 'hold', scheduler: { profile: 'adaptive' } },
    ])
    expect(config.limits).toMatchObject({ bodyBytes: 32 * 1024 ** 2, drainMs: 30_000, retryRatio: 0.2 })
  })

  it('is frozen all the way down', async () => {
    const { config } = await load({ text: yaml({ account: ', models: { a: b }' }) })
    const open: string[] = []
    const visit = (value: unknown, path: string): void => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) open.push(path)
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`)
    }
    visit(config, 'config')
    expect(open).toEqual([])
  })

  it('reads keys from files beside it, without their line breaks', async () => {
    const text = `clients: [{ name: a, keysFile: ./keys }]
accounts: [{ id: one, apiKeyFile: key }]
`
    const { config } = await load({
      text,
      files: { keys: '0123456789abcdef\r\n\nfedcba9876543210\n', key: 'sk-file\n' },
    })
    expect(config.clients[0]!.keys.map(key => key.reveal())).toEqual(['0123456789abcdef', 'fedcba9876543210'])
    expect(config.accounts[0]!.apiKey!.reveal()).toBe('sk-file')
  })

  it('resolves the patterns of a pool to ids in the order of the file, each once', async () => {
    const text = `clients: [{ name: a, keys: ["\${TEAM_KEY}"], pool: p }]
accounts: [{ id: b-1, apiKey: k }, { id: c, apiKey: k }, { id: b-2, apiKey: k }]
pools: { p: { accounts: ["b-2", "b-*"] } }
`
    const { config, warnings } = await load({ text })
    expect(config.pools[0]!.accounts).toEqual(['b-1', 'b-2'])
    expect(warnings.map(({ path, message }) => [path, message])).toEqual([[['accounts', 1], 'is in no pool']])
  })

  it('warns of a weight where nobody takes turns', async () => {
    const weighed = async (scheduler: string) =>
      (
        await load({
          text: yaml({ client: ', weight: 3', rest: `pools: { default: { scheduler: { ${scheduler} } } }` }),
        })
      ).warnings.map(({ path }) => path)
    expect(await weighed('fairness: tenant')).toEqual([])
    expect(await weighed('profile: balanced, fairness: fifo')).toEqual([['clients', 0, 'weight']])
    expect(await weighed('profile: classic')).toEqual([['clients', 0, 'weight']])
  })

  it('warns of a hedge that cannot be', async () => {
    const told = async (pool: string, rest = '') => {
      const two = '\n  - { id: two, apiKey: k }'
      const text = yaml({ rest: `pools: { default: { ${pool} } }\n${rest}` })
      const { warnings } = await load({ text: text.replace(/(accounts:\n)/, `$1${two.slice(1)}\n`) })
      return warnings.map(({ path, message }) => [path.join('.'), message])
    }
    const hedge = 'pools.default.hedge'
    expect(await told('hedge: {}')).toEqual([])
    expect(await told('hedge: { after: 2s }, firstTokenTimeout: 3s')).toEqual([])
    expect(await told('hedge: {}', 'limits: { attempts: 1 }')).toEqual([
      [hedge, 'hedges nothing: limits.attempts is 1'],
    ])
    expect(await told('hedge: { after: 3s }, firstTokenTimeout: 3s')).toEqual([
      [hedge, 'hedges nothing: the first attempt is given up before hedge.after, by firstTokenTimeout'],
    ])
    expect(await told('accounts: [two], hedge: {}')).toContainEqual([
      hedge,
      'hedges nothing: the pool has one account',
    ])
  })

  it('takes capabilities from the kind and what the file changes', async () => {
    const account =
      ', kind: openai-compatible, baseUrl: "http://10.0.0.7/v1/", allowPrivate: true, capabilities: { storedResponses: true, chat: false }'
    const { config } = await load({ text: yaml({ account }) })
    expect(config.accounts[0]).toMatchObject({
      baseUrl: 'http://10.0.0.7/v1',
      capabilities: { responses: true, storedResponses: true, chat: false, websocket: false },
    })
  })

  it('reads models as a list and as a map', async () => {
    const list = await load({ text: yaml({ account: ', models: ["gpt-5.1", "llama-*", "*"]' }) })
    expect(list.config.accounts[0]!.models).toEqual([
      { pattern: 'gpt-5.1' },
      { pattern: 'llama-*' },
      { pattern: '*' },
    ])
    const map = await load({ text: yaml({ account: ', models: { a: b, b: a, "c*": d }' }) })
    expect(map.config.accounts[0]!.models).toEqual([
      { pattern: 'a', upstream: 'b' },
      { pattern: 'b', upstream: 'a' },
      { pattern: 'c*', upstream: 'd' },
    ])
  })

  it('allows private addresses and plain http where the account says so', async () => {
    for (const url of [
      'http://127.0.0.1:1/v1',
      'https://[::1]/v1',
      'http://vllm:8000/v1',
      'http://10.0.0.7',
    ]) {
      await load({ text: yaml({ account: `, baseUrl: '${url}', allowPrivate: true` }) })
    }
  })

  it('strips a byte order mark', async () => {
    await load({ text: `\ufeff${yaml()}` })
  })

  it('expands anchors and aliases', async () => {
    const text = yaml({ rest: 'pools: { default: &p { commit: early }, other: *p }' })
    const { config } = await load({ text })
    expect(config.pools.map(({ name, commit }) => [name, commit])).toEqual([
      ['default', 'early'],
      ['other', 'early'],
    ])
  })

  it('counts a section with nothing in it as not given', async () => {
    const { config } = await load({ text: yaml({ rest: 'limits:\nadmin:\n  token:\n' }) })
    expect(config.limits.attempts).toBe(4)
  })
})

describe('interpolation', () => {
  it('gives a number or a truth value where one is wanted', async () => {
    const text = yaml({
      account: ', enabled: "${ON}", concurrency: "${N:-7}"',
      rest: 'server: { port: "${P}" }',
    })
    const { config } = await load({ text, env: { ON: 'false', P: '9000' } })
    expect(config.server.port).toBe(9000)
    expect(config.accounts[0]).toMatchObject({ enabled: false, concurrency: 7 })
  })

  it('does not read what it put in, and leaves $${ and a lone $ alone', async () => {
    const text = yaml().replace('"${TEAM_KEY}"', () => "'${A}-$${TEAM_KEY}-$5-0123456789'")
    const { config } = await load({ text, env: { A: '${OPENAI_KEY}' } })
    expect(config.clients[0]!.keys[0]!.reveal()).toBe('${OPENAI_KEY}-${TEAM_KEY}-$5-0123456789')
  })

  it('keeps keys that look like numbers as text', async () => {
    const { config } = await load({ text: yaml(), env: { TEAM_KEY: '01234567890123456789' } })
    expect(config.clients[0]!.keys[0]!.reveal()).toBe('01234567890123456789')
  })
})

describe('precedence', () => {
  const text = yaml({ rest: 'server: { host: 127.0.0.2, port: 1001 }' })

  it('is flag, environment, file, default', async () => {
    const env = {
      PORT: '1002',
      HEADGATE_PORT: '1003',
      HEADGATE_HOST: '127.0.0.3',
      HEADGATE_LOG_LEVEL: 'debug',
    }
    const port = async (written: object) => (await load({ text, ...written })).config.server.port
    expect(await port({})).toBe(1001)
    expect(await port({ env: { PORT: '1002' } })).toBe(1002)
    expect(await port({ env })).toBe(1003)
    expect(await port({ env, flags: { port: '0' } })).toBe(0)
    expect(await port({ env: { PORT: '' } })).toBe(1001)
    const { config } = await load({ text, env, flags: { host: '::1' } })
    expect(config).toMatchObject({ server: { host: '::1' }, telemetry: { logLevel: 'debug' } })
  })

  it('is shown by config print --origin, with every secret masked', async () => {
    const loaded = await load({
      text: `${text}\nadmin: { token: "\${ADMIN_TOKEN}" }\n`,
      env: { HEADGATE_HOST: '127.0.0.3' },
      flags: { port: '0' },
    })
    const printed = printConfig(loaded, { withOrigin: true })
    expect(printed).toMatch(/host: 127\.0\.0\.3 # env HEADGATE_HOST\n/)
    expect(printed).toMatch(/port: 0 # flag --port\n/)
    expect(printed).toMatch(/apiKey: "\[secret …ghij\]" # .*config\.yaml:4:24 \(OPENAI_KEY\)\n/)
    expect(printed).toMatch(/profile: adaptive # default\n/)
    for (const secret of Object.values(secrets)) {
      expect(printed).not.toContain(secret)
      expect(inspect(loaded, { depth: 20, showHidden: true })).not.toContain(secret)
      expect(JSON.stringify(loaded.config)).not.toContain(secret)
    }
  })
})

describe('secrets in the file itself', () => {
  const text = yaml().replace('${TEAM_KEY}', 'inline-key-0123456789')

  it('are warned of when others may read the file', async () => {
    const { warnings } = await load({ text, mode: 0o644 })
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatchObject({
      path: ['clients', 0, 'keys', 0],
      message: 'a secret stands in the file itself, which others may read (mode 0644)',
    })
    expect(JSON.stringify(warnings)).not.toContain('inline-key')
  })

  it('are fine in a file of the owner only', async () => {
    expect((await load({ text, mode: 0o600 })).warnings).toEqual([])
    expect((await load({ text: yaml(), mode: 0o644 })).warnings).toEqual([])
  })

  it('are blanked in a message that would quote them', async () => {
    const account = `, models: { "sk-proj-stray-0123456789 x": a }, organization: "a b"`
    const problems = await problemsOf({
      text: yaml({ account, client: ', pool: hg-team-canary-0123456789' }),
    })
    expect(problems.join('\n')).toContain('[secret]')
    expect(problems.join('\n')).not.toMatch(/sk-proj|hg-team/)
  })
})

it('text from a variable is blanked in the message about another value', async () => {
  const text = yaml({ rest: 'pools: { default: { accounts: [nope] } }' }).replace('id: one', 'id: "${ID}"')
  const problems = await problemsOf({ text, env: { ID: 'confidential-1' } })
  expect(problems).toEqual([expect.stringContaining('which does not exist. Fix: use one of [secret].')])
})

describe('a file that cannot be read', () => {
  it('is named with the reason', async () => {
    const folder = temporaryFolder()
    const missing = loadConfig({ path: join(folder, 'nope.yaml'), env: {} })
    await expect(missing).rejects.toThrow(
      /nope\.yaml: the configuration does not exist \(ENOENT\)\. Fix: check the path/,
    )
    await expect(loadConfig({ path: folder, env: {} })).rejects.toThrow(
      /the configuration is a directory \(EISDIR\)/,
    )
  })
})

describe('without a file', () => {
  const clientKey = 'hg-0123456789abcdef'

  it('the key in the environment makes one OpenAI account', async () => {
    const env = { OPENAI_API_KEY: 'sk-environment', PORT: '9001' }
    const { config } = await configFromEnvironment({ env, clientKey })
    expect(config.server.port).toBe(9001)
    expect(config.accounts).toMatchObject([
      { id: 'openai', kind: 'openai', baseUrl: 'https://api.openai.com/v1' },
    ])
    expect(config.accounts[0]!.apiKey!.reveal()).toBe('sk-environment')
  })

  it('a key that cannot be sent is refused by the name of the variable', async () => {
    const broken = configFromEnvironment({ env: { OPENAI_API_KEY: 'sk-a b' }, clientKey })
    await expect(broken).rejects.toThrow(
      /^env OPENAI_API_KEY accounts\[0\]\.apiKey: must be 1 to 4096 printable/,
    )
  })

  it('the demo has an account for each key of the mock upstream', async () => {
    const { config } = await demoConfig({
      env: {},
      clientKey,
      upstreamUrl: 'http://127.0.0.1:4000/v1',
      accountKeys: ['a', 'b', 'c'],
    })
    expect(config.accounts.map(({ id }) => id)).toEqual(['demo-1', 'demo-2', 'demo-3'])
    expect(config.clients[0]!.keys[0]!.reveal()).toBe(clientKey)
  })
})
