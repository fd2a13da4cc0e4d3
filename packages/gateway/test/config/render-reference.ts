import type { JsonSchema } from '../../src/config/json-schema.ts'

const introduction = `# Configuration

<!-- Generated from packages/gateway/src/config/schema.ts. Edit there, then run:
     node --conditions=headgate-source packages/gateway/test/config/generated.ts -->

Headgate reads one YAML file. Every key but \`accounts\` has a default, except that a file needs at least one client,
because without one nobody could call:

\`\`\`yaml
clients:
  - { name: team-a, keys: ["\${TEAM_A_KEY}"] }
accounts:
  - { id: openai-1, apiKey: "\${OPENAI_KEY_1}", concurrency: 8 }
  - id: azure-eu
    kind: azure
    baseUrl: https://RESOURCE.openai.azure.com/openai/v1
    apiKeyFile: /run/secrets/azure
    models: { gpt-5.1: my-deployment }
    priority: 2
  - id: vllm-1
    kind: openai-compatible
    baseUrl: http://10.0.0.7:8000/v1
    allowPrivate: true
    models: ["llama-*"]
\`\`\`

\`headgate config check\` lists everything that is wrong with a file, with line, column and remedy (exit code 2; \`--json\`
for machines). \`headgate config print --origin\` shows the effective configuration, secrets masked, and where each value
comes from. \`headgate config schema\` prints the JSON Schema; editors read it when the file starts with
\`# yaml-language-server: $schema=…/config.schema.json\`.

## Rules for the whole file

- **Precedence:** flag, environment, file, default. The flags are \`--host\` and \`--port\`; the variables \`PORT\`,
  \`HEADGATE_PORT\` (wins over \`PORT\`), \`HEADGATE_HOST\` and \`HEADGATE_LOG_LEVEL\`. An empty variable counts as not set.
- **Variables in values:** \`\${NAME}\` and \`\${NAME:-default}\` in any text value. The default is taken when the variable
  is not set or empty; without a default that is an error. \`$\${\` stands for a literal \`\${\`. Values are put in after the
  YAML is read, so they cannot change its structure. Where a number or a truth value is wanted, the text is read as one.
- **Durations** are a whole number and a unit: \`250ms\`, \`30s\`, \`2m\`, \`1h\`, \`1d\`; at most \`24d\`. **Sizes** likewise:
  \`100B\`, \`512KiB\`, \`32MiB\`, \`1GiB\`. A bare number is an error.
- **Unknown keys** and keys that stand twice are errors. A key with nothing behind it counts as not given.
- **Relative paths** start at the folder of the file.
- **YAML:** 1.2; anchors and aliases work (at most 100 aliases), merge keys (\`<<\`) and tags (\`!…\`) are refused. At most 1 MiB.
- **Reload:** the file is watched, and read again on SIGHUP. A file with errors is reported and the previous
  configuration stays in use.
- **Secrets:** a secret written into the file itself is warned of when the group or others may read the file. Secrets on
  the command line are refused.

## Accounts: rules between keys

- \`openai\` accounts need \`apiKey\` or \`apiKeyFile\`, \`azure\` ones these or \`auth\`; \`azure\` and \`openai-compatible\` ones
  need \`baseUrl\`.
- \`proxy\` is http or https, with a host, a port and perhaps user info; its address is judged like that of \`baseUrl\`.
- \`tls.cert\` and \`tls.key\` stand together and belong together.
- \`baseUrl\` is http or https, without user info, query and fragment. Plain http, and literal addresses of this machine,
  of private networks, link-local or metadata services need \`allowPrivate: true\`.
- \`models\` is a list of names, or a map from names to the upstream's names. A name may end in \`*\`. An exact name beats a
  pattern and a longer pattern a shorter one. A map is applied once: with \`{ a: b, b: a }\` a request for \`a\` is sent as
  \`b\`, so such a pair is not a cycle.
- \`capabilities\` start from the kind: \`openai\` has all; \`azure\` all but \`conversations\`, \`compact\`, \`inputTokens\`,
  \`storedChat\`, \`containers\` and \`websocket\`;
  \`openai-compatible\` has \`responses\`, \`chat\` and \`embeddings\`, less what the server says it lacks (\`discover\`).

## Keys
`

/** The reference page: an introduction and a table for each section, from the descriptions in the schema. */
export function renderReference(schema: JsonSchema): string {
  return `${introduction}${sections(schema, '').join('')}`
}

function sections(node: JsonSchema, path: string): string[] {
  const entries = Object.entries(node.properties ?? {})
  const inner = entries.flatMap(([key, value]) => {
    const { child, suffix } = childOf(value)
    return child
      ? [heading(`${path}${key}${suffix}`, value), ...sections(child, `${path}${key}${suffix}.`)]
      : []
  })
  const leaves = entries.filter(([, value]) => !childOf(value).child)
  const required = new Set((node['required'] as string[]) ?? [])
  return [table(leaves, required), ...inner]
}

/** The section behind a key, if it is one: directly, in a list, or under names of the user's choice. */
function childOf(node: JsonSchema): { child?: JsonSchema; suffix: string } {
  if (node.properties) return { child: node, suffix: '' }
  if (node.items?.properties) return { child: node.items, suffix: '[]' }
  const named = node.additionalProperties
  if (typeof named === 'object' && named.properties) return { child: named, suffix: '.NAME' }
  return { suffix: '' }
}

const heading = (path: string, node: JsonSchema): string =>
  `\n### \`${path}\`\n${node['description'] ? `\n${node['description']}\n` : ''}`

function table(leaves: readonly [string, JsonSchema][], required: ReadonlySet<string>): string {
  if (leaves.length === 0) return ''
  const rows = leaves.map(([key, node]) => {
    const fallback = required.has(key) ? 'required' : defaultOf(node)
    return `| \`${key}\` | ${typeOf(node)} | ${fallback} | ${node['description'] ?? ''} |\n`
  })
  return `\n| key | value | default | meaning |\n|---|---|---|---|\n${rows.join('')}`
}

const defaultOf = (node: JsonSchema): string =>
  node['default'] === undefined ? '' : `\`${JSON.stringify(node['default']).replaceAll('"', '')}\``

function typeOf(node: JsonSchema): string {
  if ('not' in node) return 'nothing'
  const [value, reference] = node.anyOf ?? [node]
  const plain = reference?.['pattern'] === '\\$\\{' || !node.anyOf
  return plain ? describe(value!) : node.anyOf!.map(describe).join(', or ')
}

function describe(node: JsonSchema): string {
  const { type, minimum, maximum } = node as { type?: string; minimum?: number; maximum?: number }
  if (node['enum']) return (node['enum'] as string[]).map(word => `\`${word}\``).join(', ')
  if (node['const'] !== undefined) return `\`${node['const']}\``
  if (type === 'array') return 'list'
  if (type === 'object') return 'map'
  if (type === 'boolean') return '`true`, `false`'
  if (type === 'integer' || type === 'number')
    return `${type === 'integer' ? 'whole number' : 'number'} ${minimum} to ${maximum}`
  const pattern = String(node['pattern'] ?? '')
  if (pattern.includes('ms|s|m|h|d')) return 'duration'
  return pattern.includes('KiB|MiB') ? 'size' : 'text'
}
