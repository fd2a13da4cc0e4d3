import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runConformance, shippedFolder } from './command.ts'
import { findVectorFile, readVectors } from './vector-files.ts'
import { vectorKinds } from './vector-kinds.ts'

const shipped = (file: string) => readVectors(findVectorFile(shippedFolder, file)!)

describe('the classic profile', () => {
  for (const { file, check } of vectorKinds) {
    it(`reproduces every case of ${file}`, async () => {
      const found: string[] = []
      for (const [place, vector] of shipped(file).entries()) {
        for (const text of await check(vector)) found.push(`case ${place}: ${text}`)
      }
      expect(found).toEqual([])
    })
  }
})

/** One expectation of each kind of file, falsified. */
const falsified: Readonly<Record<string, (vector: never) => unknown>> = {
  'rng.json': (vector: { float64: number[] }) => {
    vector.float64[7]! += 1e-9
  },
  'selection-seed.json': (vector: { seed: string }) => {
    vector.seed = String(BigInt(vector.seed) + 1n)
  },
  'top-k.json': (vector: { ranked: number[] }) => vector.ranked.reverse(),
  'weighted-order.json': (vector: { order: number[] }) => vector.order.reverse(),
  'runtime-stats.json': (vector: { size: number }) => {
    vector.size += 1
  },
  'load-skew.json': (vector: { skew: number }) => {
    vector.skew += 1e-9
  },
  'scenarios.json': (vector: { metrics: { selectTotal: number } }) => {
    vector.metrics.selectTotal += 1
  },
}

describe('the conformance runner', () => {
  let root: string
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'conformance-'))
  })
  afterAll(() => rmSync(root, { recursive: true }))

  function folderOf(name: string, files: Readonly<Record<string, string | Buffer>>): string {
    const folder = join(root, name)
    mkdirSync(folder)
    for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content)
    return folder
  }

  async function run(...args: string[]) {
    const printed: string[] = []
    const errors: string[] = []
    const status = await runConformance({
      args,
      cwd: root,
      print: line => printed.push(line),
      printError: line => errors.push(line),
    })
    return { status, printed, errors }
  }

  for (const { file, check } of vectorKinds) {
    it(`notices a falsified expectation in ${file}`, async () => {
      const vector = structuredClone(shipped(file)[0])
      falsified[file]!(vector as never)
      expect(await check(vector)).not.toEqual([])
    })
  }

  it('notices every field of a select that differs', async () => {
    type Select = { op: string; expect: Record<string, unknown> }
    const { check } = vectorKinds.find(({ file }) => file === 'scenarios.json')!
    const original = shipped('scenarios.json')[0] as { ops: Select[] }
    const place = original.ops.findIndex(({ op }) => op === 'select')
    for (const field of Object.keys(original.ops[place]!.expect)) {
      const vector = structuredClone(original)
      vector.ops[place]!.expect[field] = 'something else'
      expect((await check(vector)).join()).toContain(`op ${place} (select).${field}: `)
    }
  })

  it('checks the shipped vectors when no folder is named, a line a file', async () => {
    const { status, printed } = await run()
    expect(status).toBe(0)
    expect(printed.map(line => line.split(' ')[0])).toEqual(vectorKinds.map(({ file }) => file))
  })

  it('takes a folder relative to where it is called, with some of the files, gzipped or not', async () => {
    folderOf('some', {
      'load-skew.json': JSON.stringify(shipped('load-skew.json').slice(0, 3)),
      'rng.json.gz': gzipSync(JSON.stringify(shipped('rng.json').slice(0, 2))),
      'notes.txt': 'not a vector file',
    })
    const { status, printed } = await run('some')
    expect(status).toBe(0)
    expect(printed).toEqual(['rng.json                 2 cases  ok', 'load-skew.json           3 cases  ok'])
  })

  it('exits with 1 and shows the first differences, no more than a few', async () => {
    const wrong = shipped('load-skew.json').map(vector => ({ ...(vector as object), skew: -1 }))
    const { status, printed } = await run(folderOf('wrong', { 'load-skew.json': JSON.stringify(wrong) }))
    expect(status).toBe(1)
    expect(printed[0]).toContain(`${wrong.length} differ`)
    expect(printed[1]).toMatch(/^ {4}case 0: skew: expected -1, got \d/)
    expect(printed).toHaveLength(7)
    expect(printed[6]).toBe(`    and ${wrong.length - 5} more`)
  })

  it('counts a case of an unexpected shape as a difference, and goes on', async () => {
    const cases = [{ nonsense: true }, ...shipped('rng.json').slice(0, 1)]
    const { status, printed } = await run(folderOf('shape', { 'rng.json': JSON.stringify(cases) }))
    expect(status).toBe(1)
    expect(printed[0]).toContain('2 cases  1 differ')
    expect(printed[1]).toContain('case 0: threw ')
  })

  it('exits with 2 and says why when the folder is of no use', async () => {
    const cases: [string[], RegExp][] = [
      [['missing'], /There is no folder .*missing/],
      [[folderOf('empty', {})], /holds none of rng\.json, .*scenarios\.json/],
      [[folderOf('broken', { 'rng.json': '[1,' })], /rng\.json cannot be read: .* It must be a JSON array/],
      [[folderOf('object', { 'rng.json': '{}' })], /rng\.json is no JSON array/],
      [['a', 'b'], /one folder at most, got 2\. Usage: npm run conformance/],
    ]
    for (const [args, message] of cases) {
      const { status, errors } = await run(...args)
      expect(status).toBe(2)
      expect(errors.join()).toMatch(message)
    }
  })
})
