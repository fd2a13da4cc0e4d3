import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adaptiveProfile, createScheduler, type Decision } from '@headgate/scheduler'
import {
  createManualClock,
  createMemoryAccounts,
  createMemoryBindings,
  createMemorySlots,
  createSeededRandom,
} from '@headgate/scheduler/memory'
import { expect, it, onTestFinished } from 'vitest'

it('tells every decision of a log in sentences, and computes it again', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-example-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const log = join(folder, 'decisions.jsonl')
  const line = { v: 1, request: { requestId: 'req_1', status: 200 }, decisions: [await oneDecision()] }
  writeFileSync(log, `${JSON.stringify(line)}\n`)

  const script = `${import.meta.dirname}/explain.ts`
  const { stdout, stderr } = spawnSync(process.execPath, ['--conditions=headgate-source', script, log], {
    encoding: 'utf8',
  })
  const lines = stdout.split('\n')
  expect(lines[0], stderr).toBe('req_1: 200')
  expect(lines).toContain('  2 accounts were eligible.')
  expect(lines.at(-2)).toBe('  Computed again: the same.')
})

async function oneDecision(): Promise<Decision> {
  const clock = createManualClock()
  const scheduler = createScheduler({
    profile: adaptiveProfile(),
    accounts: createMemoryAccounts([
      { id: 'a', order: 0, concurrency: 2 },
      { id: 'b', order: 1, concurrency: 2 },
    ]),
    slots: createMemorySlots(),
    bindings: createMemoryBindings({ clock }),
    clock,
    random: createSeededRandom(7),
  })
  const lease = await scheduler.acquire({ model: 'gpt-5.1' })
  lease.settle({ outcome: { kind: 'ok' } })
  return lease.decision!
}
