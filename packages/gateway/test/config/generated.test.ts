import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generatedFiles, renewCommand } from './generated.ts'

it.each(generatedFiles)('$path is what the schema says', ({ path, text }) => {
  const committed = readFileSync(path, 'utf8')
  expect(committed === text(), `stale: run ${renewCommand}`).toBe(true)
})
