import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { limits } from '../../src/config/schema/limits.ts'
import { errorCatalogue } from '../../src/proxy/errors/error-catalogue.ts'

const page = readFileSync(new URL('../../../../docs/reference/limits.md', import.meta.url), 'utf8')

it('docs/reference/limits.md names every limit that can be configured', () => {
  const missing = Object.keys(limits.shape).filter(key => !page.includes(`\`limits.${key}\``))
  expect(missing).toEqual([])
})

it('and no error that does not exist', () => {
  const named = [...page.matchAll(/errors\.md#(\w+)/g)].map(([, code]) => code!)
  expect(named.filter(code => !Object.hasOwn(errorCatalogue, code))).toEqual([])
})
