// Writes what is generated from the configuration's schema: config.schema.json and the reference page.
// Run it after changing the schema:
//   node --conditions=headgate-source packages/gateway/test/config/generated.ts
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { renderReference } from './render-reference.ts'

/** Each generated file with what it should hold. */
export const generatedFiles: readonly { readonly path: string; readonly text: () => string }[] = [
  {
    path: fileURLToPath(new URL('../../config.schema.json', import.meta.url)),
    text: () => `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
  },
  {
    path: fileURLToPath(new URL('../../../../docs/reference/configuration.md', import.meta.url)),
    text: () => renderReference(configJsonSchema()),
  },
]

/** What renews them, for the test that finds them stale. */
export const renewCommand = 'node --conditions=headgate-source packages/gateway/test/config/generated.ts'

if (import.meta.main) for (const { path, text } of generatedFiles) writeFileSync(path, text())
