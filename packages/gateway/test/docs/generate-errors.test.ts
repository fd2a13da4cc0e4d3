import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { errorCatalogue } from '../../src/proxy/errors/error-catalogue.ts'
import { errorHelp } from './error-remedies.ts'
import { errorsPage } from './generate-errors.ts'
import { renderErrors } from './render-errors.ts'

it('docs/reference/errors.md is what the catalogue says', () => {
  const renew = 'node --conditions=headgate-source packages/gateway/test/docs/generate-errors.ts'
  expect(readFileSync(errorsPage, 'utf8') === renderErrors(), `stale: run ${renew}`).toBe(true)
})

it('every code has a remedy, and no remedy is left of a code that is gone', () => {
  expect(Object.keys(errorHelp).toSorted()).toEqual(Object.keys(errorCatalogue).toSorted())
})
