import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '..')
const source = join(root, 'src')
const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
  .map(entry => join(entry.parentPath, entry.name))
  .map(path => ({ path: relative(source, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))

/** The code without comments and without what stands in quotes: prose may speak of anything. */
function codeOf(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/.*$/gm, '')
    .replace(/'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, "''")
}

const importsOf = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(match => match[1]!)

function offenders(pattern: RegExp): string[] {
  return files.filter(({ text }) => pattern.test(codeOf(text))).map(({ path }) => path)
}

describe('the core', () => {
  it('has sources to look at', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(codeOf("const a = 1 // Date\n/* Math.random */ const b = 'Date'")).toBe(
      "const a = 1 \n const b = ''",
    )
  })

  it.each([
    ['chance of its own', /\bMath\s*(\.\s*random|\[)|\bcrypto\b|\bgetRandomValues\b|\brandomUUID\b/],
    ['a clock of its own', /\bDate\b|\bperformance\b|\bhrtime\b|\bTemporal\b/],
    ['timers of its own', /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b|\brequestAnimationFrame\b/],
    ['a process, a console or a network', /\bprocess\b|\bconsole\b|\bBuffer\b|\bfetch\s*\(|\brequire\s*\(/],
    ['another name for the global object', /\bglobalThis\b|\bglobal\b|\bwindow\b|\beval\b|\bnew Function\b/],
  ])('has no %s', (_, pattern) => {
    expect(offenders(pattern)).toEqual([])
  })

  it('imports nothing but its own files', () => {
    const foreign = files.flatMap(({ path, text }) =>
      importsOf(text)
        .filter(target => !/^\.{1,2}\//.test(target) || !target.endsWith('.ts'))
        .map(target => `${path} imports ${target}`),
    )
    expect(foreign).toEqual([])
  })

  it('never imports its stores or its contracts: those import it', () => {
    const inward = files
      .filter(({ path }) => !/^(memory|contract)\//.test(path))
      .filter(({ text }) => importsOf(text).some(target => /\/(memory|contract)\//.test(target)))
    expect(inward.map(({ path }) => path)).toEqual([])
  })

  it('has policies that know nothing of the engine: it calls them, through what they export', () => {
    const policies =
      /^(affinity|columns|dequeue|filters|health|hedging|learning|limits|model|pickers|profiles|rankers|samplers|stats)\/|^(profile|ports)\.ts$/
    const outward = files
      .filter(({ path }) => policies.test(path))
      .filter(({ text }) => importsOf(text).some(target => /\/(engine\/|create-scheduler)/.test(target)))
    expect(outward.map(({ path }) => path)).toEqual([])
  })

  it('depends on no package', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, unknown>
    for (const field of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundleDependencies'])
      expect(manifest[field] ?? {}).toEqual({})
  })
})
