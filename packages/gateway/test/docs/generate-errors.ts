// Writes the error reference from the catalogue. Run it after changing the catalogue or the remedies:
//   node --conditions=headgate-source packages/gateway/test/docs/generate-errors.ts
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { renderErrors } from './render-errors.ts'

/** Where the page stands. */
export const errorsPage = fileURLToPath(new URL('../../../../docs/reference/errors.md', import.meta.url))

if (import.meta.main) writeFileSync(errorsPage, renderErrors())
