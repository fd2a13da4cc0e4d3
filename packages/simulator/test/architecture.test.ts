import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { expect, it } from 'vitest'

const source = join(import.meta.dirname, '..', 'src')
const files = readdirSync(source, { recursive: true, withFileTypes: true })
  .filter(entry => entry.isFile() && entry.name.endsWith('.ts'))
  .map(entry => join(entry.parentPath, entry.name))
  .map(path => ({ path: relative(source, path).split(sep).join('/'), text: readFileSync(path, 'utf8') }))
const core = files.filter(({ path }) => !path.startsWith('node/'))

const importsOf = (text: string) =>
  [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(match => match[1]!)

it('runs in a browser but for its folder node: no module of Node elsewhere, and no way into that folder', () => {
  expect(core.length).toBeGreaterThan(30)
  const offenders = core.flatMap(({ path, text }) =>
    importsOf(text)
      .filter(target => target.startsWith('node:') || /\/node\//.test(target))
      .map(target => `${path} imports ${target}`),
  )
  expect(offenders).toEqual([])
})

it('depends on the scheduler and a heap, and on nothing else', () => {
  const foreign = files.flatMap(({ text }) => importsOf(text).filter(target => !/^(\.|node:)/.test(target)))
  expect(new Set(foreign)).toEqual(
    new Set(['@headgate/scheduler', '@headgate/scheduler/memory', 'tinyqueue']),
  )
  const manifest = JSON.parse(readFileSync(join(source, '..', 'package.json'), 'utf8'))
  expect(Object.keys(manifest.dependencies).sort()).toEqual(['@headgate/scheduler', 'tinyqueue'])
})

it('has neither time nor chance of its own', () => {
  const ownTime = /\bDate\s*\.\s*now\b|\bnew Date\b|\bperformance\b|\bset(Timeout|Interval|Immediate)\b/
  const ownChance = /\bMath\s*\.\s*random\b|\bcrypto\b/
  const offenders = core.filter(({ text }) => ownTime.test(text) || ownChance.test(text))
  expect(offenders.map(({ path }) => path)).toEqual([])
})
