import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('the SDK of one program moves between accounts and keeps its conversation', () => {
  const script = `${import.meta.dirname}/main.ts`
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--conditions=headgate-source', script], {
    encoding: 'utf8',
  })
  const lines = stdout.split('\n')
  expect(lines.slice(0, 3), stderr).toEqual([
    '2 attempts. This is second, turn 1. You said: Good morning',
    '1 attempt. This is second, turn 2. You said: And again',
    'A stream arrives in pieces.',
  ])
  expect(lines[3]).toContain('its state lives in second, so nothing else can serve it.')
  expect(status).toBe(0)
})
