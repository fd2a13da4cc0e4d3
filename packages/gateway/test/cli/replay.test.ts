import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { runInProcess } from '../fixtures/command-line.ts'
import { recordedLine } from './recorded-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-replay-'))
afterAll(() => rmSync(folder, { recursive: true }))

const now = 1_790_000_000_000

function replay(lines: readonly string[], ...args: readonly string[]) {
  const log = join(folder, 'decisions.jsonl')
  writeFileSync(log, lines.join('\n'))
  return runInProcess(['replay', '--log', log, '--policies', 'balanced', ...args])
}

describe('headgate replay', () => {
  it('says what it read, and nothing of lines when none is left out', async () => {
    const { code, stderr } = await replay([recordedLine({ at: now })])
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: '1 request in 1 session over 0 s; one: 8 slots, pace 1.00\n',
    })
  })

  it('says how many lines it left out, and why', async () => {
    const { stderr } = await replay([
      recordedLine({ at: now }),
      recordedLine({ at: now + 1_000 }),
      '{"v":1,"kind":"requ',
      'x'.repeat(2 ** 20 + 1),
      '{"v":1,"kind":"account","account":"one"}',
    ])
    expect(stderr).toMatch(
      /^2 requests in 2 sessions over 1 s; .*\n3 lines are left out: 2 broken, 1 without a decision\.\n$/,
    )
  })

  it.each([0, 8.64e15])('leaves out a line whose clock says %d', async at => {
    const { code, stderr } = await replay([
      recordedLine({ at }),
      recordedLine({ at: now }),
      recordedLine({ at: now }),
    ])
    expect(code).toBe(0)
    expect(stderr).toContain(
      '\n1 line is left out: 1 outside of the 31 days from 2026-09-21T14:13:20.000Z, where most requests are.\n',
    )
  })

  it('says what is wrong with a change, with nothing that would steer a terminal', async () => {
    const { code, stderr } = await replay(
      [recordedLine({ at: now, account: 'o\u001bne' })],
      '--set',
      'two=off',
    )
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /error: --set: two=off: there is nothing called two to set\. Fix: .* one of one\.\n$/,
    )
  })

  it('says what a file holds that has no decision', async () => {
    const { code, stderr } = await replay(['{"v":1,"kind":"account"}', 'x'])
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /holds no request with a decision \(2 lines are left out: 1 broken, 1 without a decision\)\. Fix: name a file/,
    )
  })
})

describe('a log of several pools', () => {
  const lines = [
    recordedLine({ at: now, pool: 'batch', account: 'two' }),
    recordedLine({ at: now, pool: 'main' }),
    recordedLine({ at: now + 1, pool: 'main' }),
  ]

  it('is replayed for the pool that is named', async () => {
    const { code, stderr } = await replay(lines, '--pool', 'batch')
    expect(code).toBe(0)
    expect(stderr).toMatch(
      /^1 request .*; two: 8 slots, pace 1\.00\n2 lines are left out: 2 of other pools\.\n$/,
    )
  })

  it.each([
    ['none', [], 'the log holds several pools'],
    ['another', ['--pool', 'chat'], 'the log has no pool "chat"'],
  ])('is refused with its pools when %s is named', async (_, args, wrong) => {
    const { code, stdout, stderr } = await replay(lines, ...args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(
      `--pool: ${wrong}; it has "main" (2 requests), "batch" (1 request). Fix: write one of them, such as --pool main.`,
    )
  })
})
