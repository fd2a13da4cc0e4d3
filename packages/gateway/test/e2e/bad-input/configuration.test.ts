// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references to variables are what is tested
/**
 * What is wrong with a configuration file, and the line that says so. Longer than other files because the table is the
 * point. A file that is not there or half-written, and what a running gateway does with a bad one:
 * `../../config/load.test.ts`, `../../config/watch.test.ts`, `../cli.test.ts`; a data folder in use, damaged or newer:
 * `../../../src/stores/sqlite/bindings.test.ts`. Models lead to an upstream's name and no further, so there is no cycle to
 * find; leases and other nodes have no keys yet.
 */
import { describe, expect, it } from 'vitest'
import { problemsOf, type Written, yaml } from '../../config/fixture.ts'

type Row = readonly [what: string, written: string | Written, expected: string | RegExp]

const plainFix = 'Fix: choose a number in that range.'
const concurrency = (value: string, shown: string): Row => [
  `concurrency ${value}`,
  yaml({ account: `, concurrency: ${value}` }),
  `config.yaml:4:54 accounts[0].concurrency: must be a whole number from 1 to 100000, not ${shown}. ${plainFix}`,
]
const baseUrl = (url: string, expected: RegExp, more = ''): Row => [
  `base URL ${url}`,
  yaml({ account: `, baseUrl: '${url}'${more}` }),
  expected,
]
const duration = (value: string): Row => [
  `duration ${value}`,
  yaml({ rest: `limits: { drain: ${value} }` }),
  /^config\.yaml:5:18 limits\.drain: must be a duration from 1ms to 24d, not .*\. Fix: write a whole number and a unit: ms, s, m, h or d, as in 250ms, 30s, 2m, 1h\.$/,
]
const weights = (value: string, expected: RegExp): Row => [
  `weights ${value}`,
  yaml({ rest: `pools: { default: { scheduler: { weights: ${value} } } }` }),
  expected,
]

const syntax: readonly Row[] = [
  [
    'an empty file',
    '',
    /^config\.yaml:1:1 accounts: there are no accounts\. Fix: add accounts: \[\{ id: openai-1/,
  ],
  ['a file of comments', '# nothing\n', /there are no accounts/],
  [
    'a missing bracket',
    'accounts: [\n',
    /^config\.yaml:2:1: a \[ before this place is not closed, or its \] is not indented\. Fix: write \]/,
  ],
  [
    'a tab',
    'accounts:\n\t- id: a\n',
    'config.yaml:2:1: a tab is used as indentation. Fix: indent with spaces.',
  ],
  [
    'two documents',
    'accounts: []\n---\na: 1\n',
    /the file holds more than one document\. Fix: remove the line ---\.$/,
  ],
  ['a scalar', 'hello\n', /^config\.yaml:1:1: must be a section of keys and values/],
  [
    'a tag',
    'accounts: !!js/function "x"\n',
    'config.yaml:1:11: a tag (!…) is used; tags are refused. Fix: remove the tag, or quote the text.',
  ],
  [
    'bytes that are not UTF-8',
    { text: Buffer.from([0x61, 0xff, 0xfe]) },
    /the configuration is not UTF-8 text/,
  ],
  ['more than 1 MiB', `#${'x'.repeat(1024 * 1024)}`, /the configuration is larger than 1048576 bytes/],
  ['brackets without end', '['.repeat(200_000), /nested too deeply|bracket/],
  ['a flood of aliases', bomb(), /holds more than 100000 values, 100 aliases or 32 levels/],
  [
    'few aliases of much',
    `a: &a [${'1,'.repeat(2000)}]\nb: [${'*a,'.repeat(60)}]\n`,
    /holds more than 100000 values/,
  ],
  ['an alias of itself', 'accounts: &a [*a]\n', /aliases|anchor/],
  ['an unknown alias', 'accounts: *a\n', /is an alias of an anchor that is not defined above it/],
  ['a merge key', yaml({ rest: 'limits: { <<: { drain: 5s } }' }), /uses the merge key <</],
  [
    'a key twice',
    `${yaml()}limits: {}\nlimits: {}\n`,
    'config.yaml:6:1 limits: is given twice; the first is on line 5. Fix: keep one of the two.',
  ],
  ['a __proto__ key', yaml({ rest: '__proto__: { drain: 5s }' }), /has a key that is not a name/],
]

const values: readonly Row[] = [
  [
    'an unknown key',
    yaml({ account: ', concurency: 4' }),
    'config.yaml:4:41 accounts[0].concurency: is not a known key. Fix: did you mean concurrency? Otherwise remove it.',
  ],
  ['another spelling of a key', yaml({ account: ', base_url: x' }), /did you mean baseUrl\?/],
  [
    'an unknown section without a value',
    yaml({ rest: 'frobnicate:\n' }),
    /^config\.yaml:5:1 frobnicate: is not a known key\. Fix: remove it; known here: server, admin, clients/,
  ],
  concurrency('0', '0'),
  concurrency('-1', '-1'),
  concurrency('1.5', '1.5'),
  concurrency('"5"', '"5"'),
  concurrency('1e9', '1000000000'),
  concurrency('.nan', 'NaN'),
  [
    'port 70000',
    yaml({ rest: 'server: { port: 70000 }' }),
    'config.yaml:5:17 server.port: must be a whole number from 0 to 65535, not 70000. Fix: choose a number in that range.',
  ],
  [
    'a certificate without its key',
    yaml({ rest: 'server: { tls: { cert: a } }' }),
    /server\.tls\.key: is missing; it must be a path/,
  ],
  [
    'a bad proxy range',
    yaml({ rest: 'server: { trustedProxies: [10.0.0.0/33] }' }),
    /trustedProxies\[0\]: must be an IP address or a CIDR range/,
  ],
  duration('5'),
  duration('"5"'),
  duration('5 parsecs'),
  duration('2147483648ms'),
  duration('25d'),
  duration('0s'),
  [
    'a decimal size',
    yaml({ rest: 'limits: { body: 32MB }' }),
    /must be a size from 1KiB to 1GiB, not "32MB"\. Fix: write a whole number and a unit: B, KiB, MiB or GiB/,
  ],
  weights(
    '{ priority: 0, load: 0, queue: 0, errorRate: 0, ttft: 0 }',
    /weights: the five weights must have a positive sum/,
  ),
  weights('{ load: -1 }', /weights\.load: must be a number from 0 to 1000000, not -1/),
  weights('{ load: .inf }', /weights\.load: must be a number from 0 to 1000000, not Infinity/),
  weights('{ load: .nan }', /weights\.load: must be a number from 0 to 1000000, not NaN/),
  [
    'store redis',
    yaml({ rest: 'store: { kind: redis }' }),
    /store\.kind: redis is not available yet\. Fix: use kind: embedded\.$/,
  ],
  [
    'a hedge after a number',
    yaml({ rest: 'pools: { default: { hedge: { after: 2 } } }' }),
    /pools\.default\.hedge\.after: must be auto, or a duration from 10ms to .*, not 2\. Fix: write auto, or a whole number and a unit/,
  ],
  [
    'a hedge for every request',
    yaml({ rest: 'pools: { default: { hedge: { budget: 1 } } }' }),
    /hedge\.budget: must be a number from 0\.001 to 0\.5, not 1/,
  ],
  [
    'a hedge of what has begun',
    yaml({ rest: 'pools: { default: { commit: early, hedge: {} } }' }),
    /pools\.default: hedge needs commit: hold.* Fix: remove commit: early, or hedge\.$/,
  ],
  [
    'topK where nothing is drawn',
    yaml({ rest: 'pools: { default: { scheduler: { profile: load-aware, topK: 3 } } }' }),
    /scheduler\.topK: is of the other profiles: load-aware takes the least loaded\. Fix: leave topK out\.$/,
  ],
  [
    'turning away early where nobody learns how long a slot is held',
    yaml({ rest: 'pools: { default: { scheduler: { profile: balanced, wait: { shed: 2s } } } }' }),
    /scheduler\.wait\.shed: needs the profile adaptive.* Fix: leave shed out, or use profile: adaptive\.$/,
  ],
  [
    'topK 65',
    yaml({ rest: 'pools: { default: { scheduler: { topK: 65 } } }' }),
    /must be a whole number from 1 to 64, not 65/,
  ],
  [
    'a wildcard in the middle of a model',
    yaml({ account: ', models: ["g*t"]' }),
    /models\[0\]: must be a model name/,
  ],
  [
    'a wildcard as an upstream name',
    yaml({ account: ', models: { a: "b*" }' }),
    /models\.a: must be the upstream’s name of the model/,
  ],
  ['a number as models', yaml({ account: ', models: 4' }), /must be a list of model names, or a map/],
  [
    'a key with a line break',
    { text: yaml(), env: { OPENAI_KEY: 'sk-canary-012345\n' } },
    /accounts\[0\]\.apiKey: must be 1 to 4096 printable ASCII characters without spaces or line breaks/,
  ],
]

const references: readonly Row[] = [
  [
    'an account id twice',
    yaml({ rest: '' }).replace('accounts:', 'accounts:\n  - { id: one, apiKey: "${OPENAI_KEY}" }'),
    'config.yaml:5:11 accounts[1].id: is the id of another account: accounts[0].id at config.yaml:4:11. Fix: make them different, or remove one of the two.',
  ],
  [
    'a client name twice',
    yaml().replace('clients:', 'clients:\n  - { name: team, keys: [0123456789abcdef] }'),
    /clients\[1\]\.name: is the name of another client: clients\[0\]\.name at config\.yaml:2:13/,
  ],
  [
    'a key of two clients',
    yaml().replace('clients:', 'clients:\n  - { name: b, keys: ["${OTHER:-hg-team-canary-0123456789}"] }'),
    'config.yaml:3:26 clients[1].keys[0]: is the same key: clients[0].keys[0] at config.yaml:2:23. Fix: make them different, or remove one of the two.',
  ],
  [
    'a key in a file that another client has',
    { text: yaml({ client: ', keysFile: k' }), files: { k: 'hg-team-canary-0123456789\n' } },
    /clients\[0\]\.keysFile: is the same key: clients\[0\]\.keys\[0\]/,
  ],
  [
    'a short key',
    yaml().replace('${TEAM_KEY}', 'short'),
    /keys\[0\]: must be 16 to 4096 printable ASCII characters/,
  ],
  [
    'a client without a key',
    yaml().replace('keys: ["${TEAM_KEY}"]', 'keys: []'),
    /clients\[0\]\.keys: is missing; a client without a key could never call/,
  ],
  [
    'no clients',
    'accounts: [{ id: a, apiKey: "${OPENAI_KEY}" }]\n',
    /clients: there are no clients, so nobody could call\. Fix: add clients: \[\{ name: app/,
  ],
  [
    'an unknown pool',
    yaml({ client: ', pool: defualt' }),
    /clients\[0\]\.pool: names the pool "defualt", which does not exist\. Fix: did you mean default\?$/,
  ],
  [
    'an unknown pool to choose',
    yaml({ client: ', pools: [default, spaer]', rest: 'pools: { default: {}, spare: {} }' }),
    /clients\[0\]\.pools\[1\]: names the pool "spaer", which does not exist\. Fix: did you mean spare\?$/,
  ],
  [
    'no model at all',
    yaml({ client: ', models: []' }),
    /clients\[0\]\.models: is an empty list.* Fix: name a model, or leave models out for every model\.$/,
  ],
  [
    'fair turns where each account has a queue of its own',
    yaml({ rest: 'pools: { default: { scheduler: { profile: classic, fairness: tenant } } }' }),
    /pools\.default\.scheduler\.fairness: tenant needs the profile adaptive or balanced.* Fix: use profile: balanced/,
  ],
  [
    'the order of arrival where tenants take turns',
    yaml({ rest: 'pools: { default: { scheduler: { fairness: fifo } } }' }),
    /pools\.default\.scheduler\.fairness: fifo needs another profile: with adaptive.* Fix: use profile: balanced/,
  ],
  [
    'weights where costs decide',
    yaml({ rest: 'pools: { default: { scheduler: { weights: { queue: 2 } } } }' }),
    /pools\.default\.scheduler\.weights: are of the profiles balanced and classic.* Fix: use profile: balanced/,
  ],
  [
    'an unknown account in a pool',
    yaml({ rest: 'pools: { default: { accounts: [onne] } }' }),
    /pools\.default\.accounts\[0\]: names the account "onne", which does not exist\. Fix: did you mean one\?$/,
  ],
  [
    'a pattern that matches nothing',
    yaml({ rest: 'pools: { default: { accounts: [azure-*] } }' }),
    /names the account "azure-\*", which does not exist\. Fix: use one of one\.$/,
  ],
  [
    'a block without a time',
    yaml({ rest: 'pools: { default: { blocks: [{ status: 403 }] } }' }),
    /pools\.default\.blocks\[0\]\.for: .*duration/,
  ],
  [
    'a block for an answer that is none of failure',
    yaml({ rest: 'pools: { default: { blocks: [{ status: 200, for: 1m }] } }' }),
    /blocks\[0\]\.status: must be a whole number from 400 to 599, not 200/,
  ],
  ['no pools', yaml({ rest: 'pools: {}' }), /pools: must name at least one pool/],
  [
    'an account without a key',
    'clients: [{ name: a, keys: ["${TEAM_KEY}"] }]\naccounts: [{ id: a }]\n',
    /accounts\[0\]\.apiKey: is missing; an account of kind openai needs a key/,
  ],
  [
    'two keys for an account',
    { text: yaml({ account: ', apiKeyFile: k' }), files: { k: 'sk-file-canary-01234567' } },
    /apiKeyFile: stands beside apiKey/,
  ],
  [
    'the dated API of Azure, by its path',
    yaml({ account: ', kind: azure, baseUrl: "https://r.openai.azure.com/openai/deployments/gpt"' }),
    /accounts\[0\]\.baseUrl: is the dated API of Azure .*not served\. Fix: write https:\/\/r\.openai\.azure\.com\/openai\/v1 and map models/,
  ],
  [
    'the dated API of Azure, by its query',
    yaml({
      account: ', kind: azure, baseUrl: "https://r.openai.azure.com/openai/responses?api-version=2025-04-01"',
    }),
    /is the dated API of Azure .*Fix: write https:\/\/r\.openai\.azure\.com\/openai\/v1 /,
  ],
  [
    'an azure account without a URL',
    yaml({ account: ', kind: azure' }),
    /accounts\[0\]\.baseUrl: is missing; an account of kind azure needs one/,
  ],
  [
    'a key file that is missing',
    yaml({ client: ', keysFile: nope' }),
    /clients\[0\]\.keysFile: the file does not exist \(ENOENT\)/,
  ],
  [
    'a key file that is empty',
    { text: yaml({ client: ', keysFile: k' }), files: { k: '\n' } },
    /clients\[0\]\.keysFile: the file is empty/,
  ],
  ['a model twice', yaml({ account: ', models: [a, b, a]' }), /models\[2\]: is listed twice/],
  [
    'metrics on the port of the server',
    yaml({ rest: 'telemetry: { metricsPort: 8080 }' }),
    /telemetry\.metricsPort: is the port of the server as well/,
  ],
]

const strays: readonly Row[] = [
  [
    'a key as a name',
    yaml({ account: ', project: sk-proj-0123456789abcdef' }),
    /accounts\[0\]\.project: holds what looks like a key, in a place that is logged and printed\. Fix: put keys into apiKey/,
  ],
  [
    'a key as a name in a map',
    yaml({ account: ', models: { sk-proj-0123456789abcdef: a }' }),
    /models\."\[secret\]": holds what looks like a key/,
  ],
  [
    'a client’s key as a project',
    yaml({ account: ', project: "${TEAM_KEY}"' }),
    /accounts\[0\]\.project: holds what looks like a key/,
  ],
]

const environment: readonly Row[] = [
  [
    'a pool that a variable names',
    { text: yaml({ client: ', pool: "${P}"' }), env: { P: 'hush' } },
    /pool: names the pool that its variable holds, which does not exist\. Fix: use one of default\.$/,
  ],
  [
    'a variable that is not set',
    yaml().replace('OPENAI_KEY', 'NOPE'),
    'config.yaml:4:24 accounts[0].apiKey: the environment variable NOPE is not set. Fix: set NOPE before starting, or write ${NOPE:-default}.',
  ],
  [
    'a variable that is empty',
    { text: yaml(), env: { OPENAI_KEY: '' } },
    /the environment variable OPENAI_KEY is empty/,
  ],
  [
    'a malformed reference',
    yaml().replace('OPENAI_KEY', 'A B'),
    /has a reference to an environment variable that cannot be read/,
  ],
  [
    'a reference without an end',
    yaml().replace('OPENAI_KEY}', 'A'),
    /cannot be read\. Fix: write \$\{NAME\} or \$\{NAME:-default\}/,
  ],
  [
    'PORT that is no number',
    { text: yaml(), env: { PORT: 'abc' } },
    'env PORT server.port: must be a whole number from 0 to 65535, not "abc". Fix: choose a number in that range.',
  ],
  [
    'a variable out of range',
    { text: yaml({ rest: 'server: { port: "${P}" }' }), env: { P: '70000' } },
    /server\.port: must be a whole number from 0 to 65535; the text comes from P\./,
  ],
]

const addresses: readonly Row[] = [
  baseUrl('api.openai.com/v1', /baseUrl: must be an http or https URL\. Fix: write https:\/\/HOST\/PATH/),
  baseUrl('ftp://api.openai.com', /must be an http or https URL/),
  baseUrl(
    'https://api.openai.com@evil.com/v1',
    /baseUrl: holds user info before an @, so its host is evil\.com\. Fix: remove everything up to the @/,
  ),
  baseUrl('https://@evil.com/v1', /holds user info/),
  baseUrl('https://api.openai.com/v1?x=1', /holds a query/),
  baseUrl('https://api.openai.com/v1?', /holds a query/),
  baseUrl('https://api.openai.com/v1#x', /holds a fragment/),
  baseUrl('https://api.openai.com\\@evil.com', /is not a valid URL/),
  baseUrl(
    'http://api.openai.com/v1',
    /uses plain http, which would send the key and the prompts unencrypted\. Fix: use https, or add allowPrivate: true/,
  ),
  baseUrl('https://10.0.0.7/v1', /leads to a private or reserved address\. Fix: add allowPrivate: true/),
  baseUrl('https://169.254.1.1/v1', /leads to a link-local address/),
  baseUrl(
    'https://169.254.169.254/v1',
    /leads to a cloud metadata service, which hands out credentials\. Fix: name the API’s own host/,
  ),
  baseUrl('https://metadata.google.internal/v1', /leads to a cloud metadata service/),
  baseUrl('https://0.0.0.0/v1', /leads to the unspecified address/),
  baseUrl('https://127.1/v1', /leads to this machine itself/),
  baseUrl('https://0x7f.1/v1', /leads to this machine itself/),
  baseUrl('https://2130706433/v1', /leads to this machine itself/),
  baseUrl('https://localhost./v1', /leads to this machine itself/),
  baseUrl('https://[::1]/v1', /leads to this machine itself/),
  baseUrl('https://[::ffff:7f00:1]/v1', /leads to this machine itself/),
  baseUrl('https://[fd00::1]/v1', /leads to a private or reserved address/),
  baseUrl('https://[64:ff9b::7f00:1]/v1', /leads to an IPv6 address with an IPv4 address inside/),
  baseUrl('https://[2002:7f00:1::]/v1', /leads to an IPv6 address with an IPv4 address inside/),
  baseUrl('http://127.0.0.1:8000/v1', /leads to this machine itself/, ', allowPrivate: false'),
]

describe.each([
  ['syntax', syntax],
  ['values', values],
  ['references', references],
  ['stray secrets', strays],
  ['the environment', environment],
  ['addresses', addresses],
] as const)('a configuration is refused for its %s', (_, rows) => {
  it.each(rows)('%s', async (_what, written, expected) => {
    const problems = await problemsOf(typeof written === 'string' ? { text: written } : written)
    const found = problems.some(line =>
      typeof expected === 'string' ? line === expected : expected.test(line),
    )
    expect(found ? expected : problems).toBe(expected)
  })
})

it('lists everything that is wrong at once, in the order of the file', async () => {
  const text = `server: { prot: 1 }
clients: [{ name: a b, keys: [x], pool: nope }]
accounts: [{ id: one, apiKey: "\${NOPE}", concurrency: 0, baseUrl: "http://10.0.0.1" }]
limits: { drain: 5 }
`
  const problems = await problemsOf({ text })
  expect(problems.map(line => line.split(': ')[0])).toEqual([
    'config.yaml:1:11 server.prot',
    'config.yaml:2:19 clients[0].name',
    'config.yaml:2:31 clients[0].keys[0]',
    'config.yaml:2:41 clients[0].pool',
    'config.yaml:3:31 accounts[0].apiKey',
    'config.yaml:3:55 accounts[0].concurrency',
    'config.yaml:3:67 accounts[0].baseUrl',
    'config.yaml:4:18 limits.drain',
  ])
})

function bomb(): string {
  const levels = Array.from({ length: 12 }, (_, level) =>
    level === 0
      ? 'l0: &l0 [x]'
      : `l${level}: &l${level} [${Array(9)
          .fill(`*l${level - 1}`)
          .join(', ')}]`,
  )
  return `${levels.join('\n')}\n`
}
