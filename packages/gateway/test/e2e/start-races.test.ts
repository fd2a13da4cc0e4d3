import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { type LoadedConfig, loadConfig } from '../../src/config/load.ts'
import { fileDigest, watchConfig } from '../../src/config/watch.ts'
import { temporaryFolder } from '../fixtures/child.ts'

const yaml = (client: string): string =>
  `clients: [{ name: ${client}, keys: [0123456789abcdef] }]\naccounts: [{ id: a, apiKey: k }]\n`

it('a file that changed between being loaded and being watched is loaded again', async () => {
  const path = join(temporaryFolder(), 'config.yaml')
  writeFileSync(path, yaml('before'), { mode: 0o600 })
  const since = await fileDigest(path)
  writeFileSync(path, yaml('after'), { mode: 0o600 })
  const changed = Promise.withResolvers<LoadedConfig>()
  const watch = await watchConfig({
    path,
    since,
    load: () => loadConfig({ path, env: {} }),
    onChanged: changed.resolve,
    onRejected: changed.reject,
    debounceMs: 0,
  })
  onTestFinished(() => watch.close())
  expect((await changed.promise).config.clients[0]!.name).toBe('after')
})
