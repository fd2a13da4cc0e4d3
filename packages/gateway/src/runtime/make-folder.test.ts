import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { makeFolder } from './make-folder.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-folder-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('makes what is missing above it, for its owner alone', () => {
  makeFolder(join(folder, 'a', 'b'))
  makeFolder(join(folder, 'a', 'b'))
  if (process.platform !== 'win32') expect(statSync(join(folder, 'a')).mode & 0o777).toBe(0o700)
})

it('leaves one that is there as it is', () => {
  mkdirSync(join(folder, 'open'), { mode: 0o755 })
  const { mode } = statSync(join(folder, 'open'))
  makeFolder(join(folder, 'open'))
  expect(statSync(join(folder, 'open')).mode).toBe(mode)
})

it.each([
  ['at its place', ['file']],
  ['above it', ['file', 'data']],
])('refuses a file %s', (_, below) => {
  writeFileSync(join(folder, 'file'), '')
  expect(() => makeFolder(join(folder, ...below))).toThrow(/EEXIST|ENOTDIR/)
})

it.skipIf(process.platform !== 'linux')(
  'says that it cannot be made in /proc, and does not try for ever',
  () => {
    expect(() => makeFolder('/proc/headgate/data')).toThrow(/ENOENT/)
  },
)
