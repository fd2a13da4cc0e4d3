import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runInProcess } from '../fixtures/command-line.ts'
import { recordedLine } from './recorded-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-explain-'))
afterAll(() => rmSync(folder, { recursive: true }))

const now = 1_790_000_000_000

function explain(lines: readonly string[], ...args: readonly string[]) {
  const log = join(folder, 'decisions.jsonl')
  writeFileSync(log, lines.join('\n'))
  return runInProcess(['explain', '--log', log, ...args])
}

describe('headgate explain', () => {
  const lines = [
    recordedLine({ at: now, id: 7 }),
    recordedLine({ at: now + 1, id: 7, pool: 'batch' }),
    recordedLine({ at: now + 2, id: 8 }),
  ]

  it('says how to name one request when several have a decision of that number', async () => {
    const { code, stdout, stderr } = await explain(lines, '--id', '7')
    expect(code).toBe(0)
    expect(stdout.match(/^Decision 7 of pool /gm)).toHaveLength(2)
    expect(stderr).toBe(
      '2 requests have a decision 7: every pool and process counts from 1. ' +
        `For one of them: --id req_${now + 1}_batch\n`,
    )
  })

  it.each(['8', `req_${now}_main`])('says no more than that when %s is one', async id => {
    expect(await explain(lines, '--id', id)).toMatchObject({ code: 0, stderr: '' })
  })

  it('goes on over a line that is too long, and over one of no instant', async () => {
    const never = recordedLine({ at: now }).replaceAll(`${now}`, '9e15')
    const { code, stdout, stderr } = await explain([lines[0]!, never, 'x'.repeat(2 ** 20 + 1)])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '2 lines cannot be read as of a decision log, and are left out.\n',
    })
    expect(stdout).toContain('Decision 7 of pool main')
  })
})
