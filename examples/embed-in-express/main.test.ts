import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('the proxy hides a failure, keeps a session, and frees the slot of a client that leaves', () => {
  const script = `${import.meta.dirname}/main.ts`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=headgate-source', script], {
    encoding: 'utf8',
  })
  const lines = stdout.split('\n')
  expect(lines[0], stderr).toMatch(/^2 attempts: This is (one|two), turn 1\. You said: Good morning$/)
  expect(lines.slice(1)).toEqual([
    'A session was served by 1 account.',
    'A client left in the middle of a stream; its slot is free: client_abort.',
    '',
  ])
  expect(status).toBe(0)
})
