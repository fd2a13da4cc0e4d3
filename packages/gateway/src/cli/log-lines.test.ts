import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { logLines, mostLineBytes } from './log-lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'headgate-lines-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function linesOf(text: string): Promise<(string | undefined)[]> {
  const file = join(folder, 'log.jsonl')
  writeFileSync(file, text)
  const lines: (string | undefined)[] = []
  for await (const line of logLines(file)) lines.push(line)
  return lines
}

describe('the lines of a log', () => {
  it('are the same wherever the chunks of the file end', async () => {
    const lines = Array.from({ length: 5_000 }, (_, i) => 'é'.repeat(i % 97))
    expect(await linesOf(lines.join('\n'))).toEqual(lines)
  })

  it('stand for what is longer than any of the gateway', async () => {
    const most = 'x'.repeat(mostLineBytes)
    expect(await linesOf(`a\n${most}\n${most}x\nb\n${most}${most}`)).toEqual([
      'a',
      most,
      undefined,
      'b',
      undefined,
    ])
  })
})
