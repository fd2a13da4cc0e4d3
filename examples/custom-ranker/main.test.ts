import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('tries every account once, then stays with the quickest that does not fail, and says why', () => {
  const script = `${import.meta.dirname}/main.ts`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=headgate-source', script], {
    encoding: 'utf8',
  })
  const lines = stdout.split('\n')
  const calls = ['near', 'far', 'flaky', 'near', 'near', 'near']
  expect(lines.slice(0, 6), stderr).toEqual(calls.map((account, index) => `call ${index + 1}: ${account}`))
  expect(lines.slice(6)).toEqual([
    'account  score  speed  soundness',
    'near  0.833  0.833  0',
    'far  0.526  0.526  0',
    'flaky  0.6  1  -0.4',
    '',
  ])
  expect(status).toBe(0)
})
