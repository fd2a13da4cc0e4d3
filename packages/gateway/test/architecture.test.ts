import { readdirSync, readFileSync } from 'node:fs'
import { join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

/** What one part of `src` may know of another: everything, or its types, which are gone when the program runs. */
type Knows = 'all' | 'types'

/**
 * The parts of `src` from the inside outwards: folders, and the files beside them. Each knows only parts that stand
 * above it, so arrows point inwards and there is no cycle. A part that is not in the table fails the test.
 */
const parts: Readonly<Record<string, Readonly<Record<string, Knows>>>> = {
  text: {},
  wire: {},
  runtime: {},
  config: { text: 'all' },
  stores: { runtime: 'all' },
  upstream: { wire: 'all' },
  proxy: { text: 'all', wire: 'all', runtime: 'types' },
  telemetry: { text: 'all', runtime: 'all', proxy: 'types' },
  http: { wire: 'all', runtime: 'all', proxy: 'all' },
  admin: { runtime: 'types', proxy: 'all' },
  discovery: { wire: 'types', runtime: 'types', config: 'types', proxy: 'all' },
  compose: {
    discovery: 'all',
    text: 'all',
    wire: 'all',
    runtime: 'all',
    config: 'all',
    upstream: 'all',
    proxy: 'all',
    telemetry: 'all',
    http: 'types',
    admin: 'types',
  },
  'in-process': {
    wire: 'types',
    runtime: 'all',
    config: 'all',
    stores: 'all',
    proxy: 'all',
    telemetry: 'all',
    compose: 'all',
  },
  doctor: {
    text: 'all',
    wire: 'all',
    runtime: 'all',
    config: 'types',
    upstream: 'all',
    proxy: 'all',
    discovery: 'all',
    compose: 'all',
  },
  'handle.ts': { runtime: 'types', config: 'types' },
  'app.ts': {
    runtime: 'all',
    config: 'types',
    stores: 'all',
    telemetry: 'all',
    http: 'all',
    admin: 'all',
    compose: 'all',
    'handle.ts': 'types',
  },
  cli: { text: 'all', runtime: 'all', config: 'all', doctor: 'all', 'handle.ts': 'types', 'app.ts': 'all' },
  'index.ts': {
    config: 'all',
    proxy: 'types',
    runtime: 'types',
    'in-process': 'all',
    'handle.ts': 'types',
    'app.ts': 'all',
  },
}

/** Where each package, and each module of Node that opens a door, may be imported. */
const homes: Readonly<Record<string, readonly string[]>> = {
  undici: ['upstream/'],
  zod: ['config/'],
  yaml: ['config/'],
  commander: ['cli/'],
  pino: ['telemetry/'],
  'prom-client': ['telemetry/'],
  'eventsource-parser': ['proxy/tap/'],
  fastify: ['admin/'],
  'lru-cache': ['stores/'],
  'rate-limiter-flexible': ['proxy/admission/'],
  '@headgate/mock-upstream': ['cli/'],
  '@headgate/scheduler': [''],
  '@headgate/simulator': ['cli/'],
  'node:sqlite': ['stores/sqlite/'],
  'node:http': ['http/'],
  'node:https': ['http/'],
  'node:dns': ['upstream/'],
  'node:child_process': [],
}

interface Import {
  readonly specifier: string
  readonly kind: Knows
}

interface SourceFile {
  /** Below `src`: `proxy/routing/route.ts`. */
  readonly path: string
  readonly imports: readonly Import[]
}

const statement = /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm
const dynamic = /\bimport\('([^']+)'\)|new URL\('(\.[^']+)', import\.meta\.url\)/g

function importsOf(code: string): Import[] {
  return [
    ...[...code.matchAll(statement)].map(
      ([, type, specifier]): Import => ({ specifier: specifier!, kind: type ? 'types' : 'all' }),
    ),
    ...[...code.matchAll(dynamic)].map(
      ([, imported, worker]): Import => ({ specifier: (imported ?? worker)!, kind: 'all' }),
    ),
  ]
}

/** Each import that the tables do not allow, as `proxy/routing/route.ts imports zod: ...`. */
function violations({ path, imports }: SourceFile): string[] {
  return imports.flatMap(({ specifier, kind }) => {
    const why = specifier.startsWith('.')
      ? partViolation(path, { specifier, kind })
      : homeViolation(path, specifier)
    return why === undefined ? [] : [`${path} imports ${specifier}: ${why}`]
  })
}

const partOf = (path: string): string => path.split('/')[0]!

function partViolation(path: string, { specifier, kind }: Import): string | undefined {
  const from = partOf(path)
  const target = normalize(join(path, '..', specifier))
  const to = partOf(target)
  // The one file outside: where the version is read from.
  if (from === to || target === '../package.json') return undefined
  const known = parts[from]?.[to]
  if (known === undefined) return `${from} does not know ${to}`
  return known === 'types' && kind === 'all'
    ? `${from} knows only types of ${to}: use import type`
    : undefined
}

function homeViolation(path: string, specifier: string): string | undefined {
  const name = /^(?:@[^/]+\/[^/]+|[^/]+)/.exec(specifier)![0]
  const home = homes[name]
  if (home === undefined) return name.startsWith('node:') ? undefined : `${name} has no home in the table`
  if (home.some(folder => path.startsWith(folder))) return undefined
  return `${name} is imported only in ${home.join(', ') || 'no place'}`
}

const src = fileURLToPath(new URL('../src', import.meta.url))
const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map(path => ({ path, imports: importsOf(readFileSync(join(src, path), 'utf8')) }))

describe('the parts of the gateway', () => {
  it('import only what the tables allow', () => {
    expect(files.flatMap(violations)).toEqual([])
  })

  it('are all in the table, and the table has no others', () => {
    expect(Object.keys(parts).sort()).toEqual([...new Set(files.map(({ path }) => partOf(path)))].sort())
  })

  it('know only parts further in, so that there is no cycle', () => {
    const order = Object.keys(parts)
    const outward = order.flatMap((part, place) =>
      Object.keys(parts[part]!)
        .filter(known => order.indexOf(known) === -1 || order.indexOf(known) >= place)
        .map(known => `${part} knows ${known}`),
    )
    expect(outward).toEqual([])
  })

  it('use every package they depend on, and no other', () => {
    const manifest = JSON.parse(readFileSync(join(src, '../package.json'), 'utf8'))
    const used = files.flatMap(({ imports }) => imports.map(({ specifier }) => specifier))
    const imported = Object.keys(homes).filter(name =>
      used.some(specifier => specifier === name || specifier.startsWith(`${name}/`)),
    )
    const packages = imported.filter(name => !name.startsWith('node:'))
    expect(packages.sort()).toEqual(Object.keys(manifest.dependencies).sort())
  })
})

describe('the check finds', () => {
  const found = (path: string, code: string): string[] => violations({ path, imports: importsOf(code) })

  it.each([
    ['a store that knows the configuration', 'stores/x.ts', `import { a } from '../config/load.ts'`],
    ['telemetry that knows a store', 'telemetry/x.ts', `import type { A } from '../stores/sqlite/schema.ts'`],
    [
      'an upstream that knows the data plane',
      'upstream/x.ts',
      `import type { A } from '../proxy/routing/route.ts'`,
    ],
    ['a data plane that knows an upstream', 'proxy/tap/x.ts', `export { a } from '../../upstream/client.ts'`],
    ['a command that opens a store', 'cli/x.ts', `const a = await import('../stores/sqlite/schema.ts')`],
    ['a value where a type is allowed', 'telemetry/x.ts', `import { a } from '../proxy/request-record.ts'`],
    [
      'an import of several lines',
      'telemetry/x.ts',
      `import {\n  a,\n  type B,\n} from '../upstream/client.ts'`,
    ],
    ['an import for its effects', 'wire/x.ts', `import '../config/load.ts'`],
    [
      'a package away from home',
      'proxy/x.ts',
      `import { EventSourceParser } from 'eventsource-parser/stream'`,
    ],
    ['a package without a home', 'http/x.ts', `import { a } from 'left-pad'`],
    ['SQLite beside its store', 'stores/memory/x.ts', `import { DatabaseSync } from 'node:sqlite'`],
    ['a server in the data plane', 'proxy/x.ts', `import type { IncomingMessage } from 'node:http'`],
  ])('%s', (_what, path, code) => {
    expect(found(path, code)).toHaveLength(1)
  })

  it('nothing in what is allowed', () => {
    expect(found('telemetry/x.ts', `import type { A } from '../proxy/request-record.ts'`)).toEqual([])
    expect(found('config/schema/x.ts', `import * as z from 'zod'\nimport { a } from '../size.ts'`)).toEqual(
      [],
    )
  })
})
