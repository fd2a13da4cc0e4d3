import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('a conversation moves before it begins, and stays where it is stored', () => {
  const script = `${import.meta.dirname}/converse.ts`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=headgate-source', script], {
    encoding: 'utf8',
  })
  expect(stdout.split('\n'), stderr).toEqual([
    '200 from second, attempts: 2. This is second, turn 1. You said: Good morning',
    '200 from second, attempts: 1. This is second, turn 2. You said: And again',
    'two responses, one conversation',
    '',
  ])
  expect(status).toBe(0)
})
