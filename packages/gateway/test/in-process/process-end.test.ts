import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'

it('a fetch that nobody closes lets its process end, with a store and accounts to be probed', () => {
  const storePath = mkdtempSync(join(tmpdir(), 'headgate-in-process-'))
  onTestFinished(() => rmSync(storePath, { recursive: true }))
  const index = new URL('../../src/index.ts', import.meta.url).href
  const baseUrl = 'http://127.0.0.1:1/v1'
  const account = { id: 'a', kind: 'openai-compatible', baseUrl, apiKey: 'sk-a', allowPrivate: true }
  const script = `
    import { createFetch } from ${JSON.stringify(index)}
    const fetch = createFetch(${JSON.stringify({ accounts: [account] })}, ${JSON.stringify({ storePath })})
    console.log((await fetch('https://api.openai.com/v1/models')).status)`
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--conditions=headgate-source', '--input-type=module', '--eval', script],
    { encoding: 'utf8', timeout: 15_000 },
  )
  expect([stdout, status], stderr).toEqual(['200\n', 0])
})
