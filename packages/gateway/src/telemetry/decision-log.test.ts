import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Decision } from '@headgate/scheduler'
import { createManualClock, type ManualClock } from '@headgate/scheduler/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { AttemptTrace, type RequestRecord } from '../proxy/request-record.ts'
import { type Log, silentLog } from '../runtime/log.ts'
import { createDecisionLog, type DecisionLog, type DecisionLogOptions } from './decision-log.ts'

let folder: string
let clock: ManualClock

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-decisions-'))
  clock = createManualClock()
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function open(options: Partial<DecisionLogOptions> = {}): DecisionLog {
  return createDecisionLog({
    path: join(folder, 'deep', 'decisions.jsonl'),
    maxSizeBytes: 1e9,
    maxFiles: 3,
    clock,
    log: silentLog,
    ...options,
  })
}

function record(requestId: string): RequestRecord {
  const attempt = (decisionId: number): AttemptTrace => {
    const decision = { id: decisionId, pool: 'default' } as Decision
    const trace = new AttemptTrace('one', { decisionId, waitedMs: 0, layer: 'load_balance', decision })
    return Object.assign(trace, { outcome: 'ok', upstreamMessage: 'the prompt was: secret', durationMs: 1 })
  }
  const made = {
    requestId,
    method: 'POST',
    pool: 'default',
    stream: true,
    status: 200,
    attempts: [attempt(1), attempt(2)],
    durationMs: 9,
    bytesIn: 1,
    removedItems: 0,
    bytesOut: 1,
  }
  return made as unknown as RequestRecord
}

const lines = (file = 'decisions.jsonl'): { kind: string; request: { requestId: string } }[] =>
  readFileSync(join(folder, 'deep', file), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))

describe('the decision log', () => {
  it('has one line per request with its decisions, and no foreign text', async () => {
    const log = open()
    log.observe(record('a'))
    log.observe(record('b'))
    await log.close()
    expect(lines().map(line => line.request.requestId)).toEqual(['a', 'b'])
    expect(lines()[0]).toMatchObject({
      v: 1,
      wallMs: clock.wallMs(),
      attempts: [{ account: 'one' }, { account: 'one' }],
      decisions: [
        { id: 1, pool: 'default' },
        { id: 2, pool: 'default' },
      ],
    })
    expect(JSON.stringify(lines())).not.toMatch(/secret/)
    expect(statSync(join(folder, 'deep', 'decisions.jsonl')).mode & 0o777).toBe(0o600)
  })

  it('has a line of its own for every change of an account, among the requests that met it', async () => {
    const log = open()
    const change = { wallMs: 5, pool: 'default', account: 'one', from: 'active', to: 'ejected' } as const
    log.observe(record('a'))
    log.accountChanged({ ...change, reason: 'consecutive_faults' })
    log.observe(record('b'))
    await log.close()
    expect(lines().map(line => line.kind)).toEqual(['request', 'account', 'request'])
    expect(lines()[1]).toEqual({ v: 1, kind: 'account', ...change, reason: 'consecutive_faults' })
  })

  it('writes nothing while a request is observed, and all of it a little later', async () => {
    const log = open({ gatherMs: 200 })
    for (let i = 0; i < 100; i++) log.observe(record(String(i)))
    expect(existsSync(join(folder, 'deep'))).toBe(false)
    clock.advance(200)
    await log.close()
    expect(lines()).toHaveLength(100)
  })

  it('keeps the decision of a stream that outlives it, and adds how it ended', async () => {
    let inMemory: Decision | undefined = { id: 7, outcome: undefined } as Decision
    const lease = {
      decisionId: 7,
      waitedMs: 0,
      layer: 'load_balance' as const,
      get decision() {
        return inMemory
      },
    }
    const attempt = new AttemptTrace('one', lease)
    const log = open()
    log.began(attempt)
    inMemory = undefined
    Object.assign(attempt, { outcome: 'ok', firstTokenMs: 5, durationMs: 900, answered: true })
    const usage = { inputTokens: 1, cachedTokens: 0, outputTokens: 2 }
    log.observe({ ...record('a'), attempts: [attempt], usage })
    await log.close()
    const ended = { id: 7, outcome: 'ok', firstTokenMs: 5, durationMs: 900, usage }
    expect(lines()[0]).toMatchObject({ decisions: [ended] })
  })

  it('tells the decision that refused a request after those of its attempts', async () => {
    const log = open()
    log.observe({ ...record('a'), refusal: { id: 3, result: 'none' } as Decision })
    await log.close()
    expect(lines()[0]).toMatchObject({ decisions: [{ id: 1 }, { id: 2 }, { id: 3 }] })
  })

  it('leaves out a decision that is no longer in memory', async () => {
    const log = open()
    const lease = { decisionId: 1, waitedMs: 0, layer: 'load_balance' as const, decision: undefined }
    log.observe({ ...record('a'), attempts: [new AttemptTrace('one', lease)] })
    await log.close()
    expect(lines()[0]).toMatchObject({ decisions: [] })
  })

  it('drops and counts what is more than it may hold', async () => {
    const log = open({ maxWaiting: 10 })
    for (let i = 0; i < 25; i++) log.observe(record(String(i)))
    expect(log.dropped).toBe(15)
    await log.close()
    expect(lines()).toHaveLength(10)
    log.observe(record('late'))
    expect(log.dropped).toBe(16)
  })

  it('puts a full file aside and keeps as many as it was told', async () => {
    const log = open({ maxSizeBytes: 1500, maxFiles: 3 })
    for (let i = 0; i < 12; i++) {
      log.observe(record(String(i)))
      clock.advance(200)
      // One batch a file operation: the next one must not join it.
      while (!existsSync(join(folder, 'deep', 'decisions.jsonl'))) await new Promise(setImmediate)
      await written(i)
    }
    await log.close()
    expect(readdirSync(join(folder, 'deep')).sort()).toEqual([
      'decisions.jsonl',
      'decisions.jsonl.1',
      'decisions.jsonl.2',
    ])
    for (const file of readdirSync(join(folder, 'deep'))) {
      expect(statSync(join(folder, 'deep', file)).size).toBeLessThanOrEqual(1500)
    }
    expect(lines().at(-1)?.request.requestId).toBe('11')
    expect(Number(lines('decisions.jsonl.1').at(-1)?.request.requestId)).toBe(
      Number(lines()[0]?.request.requestId) - 1,
    )

    async function written(i: number): Promise<void> {
      const last = (): string => {
        try {
          return lines().at(-1)?.request.requestId ?? ''
        } catch {
          return ''
        }
      }
      while (last() !== String(i)) await new Promise(setImmediate)
    }
  })

  it('goes on in the file it finds', async () => {
    for (const id of ['a', 'b']) {
      const log = open()
      log.observe(record(id))
      await log.close()
    }
    expect(lines()).toHaveLength(2)
  })

  it('says once that the disk fails, counts, and disturbs nobody', async () => {
    writeFileSync(join(folder, 'deep'), 'a file where the folder should be')
    const said: string[] = []
    const warn: Log['warn'] = (_fields, message) => said.push(message)
    const log = open({ log: { ...silentLog, warn } })
    for (let i = 0; i < 200; i++) log.observe(record(String(i)))
    await log.close()
    expect(log.dropped).toBe(200)
    expect(said).toEqual([expect.stringContaining('cannot be written')])
  })
})
