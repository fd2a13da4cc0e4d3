import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('takes the cheapest account with a free slot, and says why', () => {
  const script = `${import.meta.dirname}/main.ts`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=headgate-source', script], {
    encoding: 'utf8',
  })
  const lines = stdout.split('\n')
  expect(lines.slice(0, 4), stderr).toEqual([
    'first -> plan',
    'second -> reserved',
    'third -> reserved',
    'fourth -> onDemand',
  ])
  expect(lines).toContain('plan (drawn) was known to be full and not asked.')
  expect(lines).toContain('onDemand (next in rank order) had a free slot.')
  expect(status).toBe(0)
})
