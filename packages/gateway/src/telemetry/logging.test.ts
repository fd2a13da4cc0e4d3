import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineWriter } from './line-writer.ts'
import { createLog } from './logging.ts'
import { createRequestLog } from './request-log.ts'

function collecting(level: Parameters<typeof createLog>[0] = {}) {
  const lines: string[] = []
  const log = createLog({ write: line => lines.push(line), ...level })
  return { log, lines, parsed: () => lines.map(line => JSON.parse(line)) }
}

const jwt = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'

describe('a line', () => {
  it('is one line of JSON with level, time, fields and message', () => {
    const { log, parsed, lines } = collecting()
    log.warn({ account: 'one', count: 3 }, 'Something happened.')
    expect(lines[0]!.endsWith('\n')).toBe(true)
    expect(parsed()[0]).toMatchObject({ level: 'warn', account: 'one', count: 3, msg: 'Something happened.' })
    expect(parsed()[0].time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
  })

  it('says figures to a thousandth', () => {
    const { log, parsed } = collecting()
    log.info({ durationMs: 302.90189499999997, waitedMs: 0.0004, count: 7 }, 'request')
    expect(parsed()[0]).toMatchObject({ durationMs: 302.902, waitedMs: 0, count: 7 })
  })

  it('stays one parseable line whatever the texts hold', () => {
    const { log, lines } = collecting()
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, message) => {
        lines.length = 0
        log.info({ detail: text, account: `a\r\n{"level":"error"}${text}`, error: new Error(text) }, message)
        expect(lines).toHaveLength(1)
        expect(lines[0]!.trimEnd()).not.toMatch(/[\r\n\u2028\u2029\u0085\u009b\u202e]/)
        JSON.parse(lines[0]!)
      }),
    )
  })

  it('holds nothing that ends a line or turns it around on a terminal', () => {
    const { log, lines } = collecting()
    const marks = '\u0085\u009b31m\u2028\u2029\u202e\u2066\u007f\u001b[2J\r\n'
    log.info({ detail: marks, errors: [marks], error: new Error(marks) }, marks)
    expect(lines[0]!.trimEnd()).toMatch(/^[\u0020-\u007e\ufffd]*$/)
  })

  it('is not written below the level', () => {
    const { log, lines } = collecting({ level: 'warn' })
    log.debug({}, 'no')
    log.info({}, 'no')
    log.error({}, 'yes')
    expect(lines).toHaveLength(1)
  })

  it('is bounded, however much it is given', () => {
    const { log, lines } = collecting()
    const circular: Record<string, unknown> = {
      detail: 'x'.repeat(1e6),
      errors: Array(1000).fill('x'.repeat(2000)),
    }
    circular['error'] = circular
    log.info(circular, 'y'.repeat(1e6))
    expect(lines[0]!.length).toBeLessThan(200_000)
  })
})

describe('what never appears', () => {
  it('is a field nobody let in, at any depth', () => {
    const { log, lines } = collecting()
    log.info(
      {
        headers: { authorization: 'x' },
        body: 'prompt',
        usage: { inputTokens: 1, apiKey: 'hidden' },
        config: {},
      },
      'm',
    )
    expect(lines[0]).toContain('"inputTokens":1')
    expect(lines[0]).not.toMatch(/authorization|prompt|hidden|config/)
  })

  const secrets = [
    'sk-proj-abcdefgh12345678',
    jwt,
    'Bearer abc.def',
    'https://h/p?api-key=hunter2hunter2',
    'x sig=hunter2hunter2',
  ]
  it.each(secrets)('is a credential in a field, a message or an error: %s', secret => {
    const { log, lines } = collecting()
    const cause = Object.assign(new Error(`cause ${secret}`), { config: { key: secret } })
    log.error(
      { detail: `before ${secret} after`, errors: [secret], error: new Error(`boom ${secret}`, { cause }) },
      `m ${secret}`,
    )
    const tail = secret.slice(-10)
    expect(lines[0]).not.toContain(tail)
    expect(lines[0]).toContain('***')
  })

  it('is a credential that the cut of a long text would halve', () => {
    const { log, lines } = collecting()
    log.info({ detail: `${'x'.repeat(990)} sk-abcdefghijklmnopqrstuvwxyz` }, 'm')
    expect(lines[0]).not.toContain('sk-abc')
  })

  it('is what is attached to an error', () => {
    const { log, parsed } = collecting()
    log.error(
      { error: Object.assign(new Error('no'), { code: 'E', request: { headers: 'x' }, rawPacket: 'y' }) },
      'm',
    )
    expect(Object.keys(parsed()[0].error).sort()).toEqual(['code', 'message', 'stack', 'type'])
  })
})

describe('stdout', () => {
  const script = (body: string): string => `
    import { createLog } from ${JSON.stringify(new URL('./logging.ts', import.meta.url).href)}
    const log = createLog()
    ${body}`
  const run = (body: string, stdout: 'pipe' | number = 'pipe') =>
    spawn(
      process.execPath,
      ['--conditions=headgate-source', '--input-type=module-typescript', '-e', script(body)],
      {
        stdio: ['ignore', stdout, 'pipe'],
      },
    )

  it('may be closed: the process lives on', async () => {
    const child = run(`
      const timer = setInterval(() => log.info({ count: 1 }, 'line'), 1)
      setTimeout(() => { clearInterval(timer); void log.flush(); process.exitCode = 7 }, 100)`)
    await once(child.stdout!, 'data')
    child.stdout!.destroy()
    const [code] = await once(child, 'exit')
    expect(code).toBe(7)
  })

  it('may be full: the process lives on', async () => {
    const full = openSync('/dev/full', 'w')
    const child = run(
      `const timer = setInterval(() => log.info({ count: 1 }, 'line'), 1)
      setTimeout(() => { clearInterval(timer); void log.flush(); process.exitCode = 7 }, 100)`,
      full,
    )
    const [code] = await once(child, 'exit')
    closeSync(full)
    expect(code).toBe(7)
  })

  it('may be stuck: the process lives on, bounded, and ends in time', async () => {
    const child = run(`
      const timer = setInterval(() => { for (let i = 0; i < 50; i++) log.info({ detail: 'x'.repeat(1000) }, 'line') }, 1)
      setTimeout(async () => { clearInterval(timer); await log.flush(); process.exit(7) }, 100)`)
    child.stdout!.pause()
    const [code] = await once(child, 'exit')
    expect(code).toBe(7)
  })

  it('takes no more lines while too much of it is unread', () => {
    const stuck = { writableLength: 5e6, on() {}, write: () => expect.unreachable() }
    const writer = new LineWriter(stuck as unknown as NodeJS.WriteStream)
    for (let i = 0; i < 10; i++) writer.write('line\n')
    expect(writer.dropped).toBe(10)
  })

  it('has every line after a flush, and after an exit without one', async () => {
    for (const end of ['await log.flush(); process.exit(0)', '']) {
      const child = run(`for (let i = 0; i < 500; i++) log.info({ count: i }, 'line')
        ${end}`)
      let text = ''
      for await (const chunk of child.stdout!) text += chunk
      const counts = text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line).count)
      expect(counts).toEqual(Array.from({ length: 500 }, (_, i) => i))
    }
  })
})

describe('the line of a request', () => {
  const plain = {
    requestId: 'req_1',
    clientRequestId: undefined,
    remoteAddress: '127.0.0.1',
    method: 'POST',
    route: '/v1/responses',
    client: 'team-a',
    tenant: 'team-a',
    pool: 'default',
    model: 'gpt-5.1',
    stream: true,
    status: 200,
    errorCode: undefined,
    account: 'one',
    decisionId: 7,
    layer: undefined,
    refusal: undefined,
    attempts: [],
    ttftMs: 120,
    durationMs: 900,
    usage: { inputTokens: 10, cachedTokens: 4, outputTokens: 2 },
    hedge: undefined,
    bytesIn: 1,
    removedItems: 0,
    bytesOut: 2,
  }
  const record = Object.defineProperty({ ...plain }, 'layer', {
    get: () => expect.unreachable('the layer costs a look into the ring'),
  })

  it('says what happened, at a level that fits', () => {
    const { log, parsed } = collecting()
    const write = createRequestLog(log)
    write(record)
    write({ ...plain, status: 502, errorCode: 'upstream_error' })
    expect(parsed()[0]).toMatchObject({
      level: 'info',
      requestId: 'req_1',
      account: 'one',
      durationMs: 900,
      msg: 'request',
    })
    expect(parsed()[1]).toMatchObject({ level: 'warn', errorCode: 'upstream_error' })
  })
})
