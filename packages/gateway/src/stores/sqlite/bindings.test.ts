import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@headgate/scheduler'
import { bindingStoreContract } from '@headgate/scheduler/contract'
import { createManualClock, type ManualClock } from '@headgate/scheduler/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSqliteBindings, type SqliteBindings, type SqliteBindingsOptions } from './bindings.ts'

const hourMs = 3_600_000

let folder: string
let clock: ManualClock
let open: SqliteBindings[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-store-'))
  clock = createManualClock()
})

afterEach(async () => {
  for (const store of open) await store.close()
  open = []
  rmSync(folder, { recursive: true, force: true })
})

function store(options: Partial<SqliteBindingsOptions> = {}): SqliteBindings {
  const made = createSqliteBindings({ path: folder, clock, ...options })
  open.push(made)
  return made
}

async function reopened(
  before: SqliteBindings,
  options: Partial<SqliteBindingsOptions> = {},
): Promise<SqliteBindings> {
  await before.close()
  return store(options)
}

const rows = (): unknown[] => {
  const database = new DatabaseSync(join(folder, 'bindings.db'), { readOnly: true })
  const found = database.prepare('SELECT key, target, expires_ms FROM binding ORDER BY key').all()
  database.close()
  return found
}

describe('the contract of every binding store, kept in memory', () => {
  let serial = 0
  const cases = bindingStoreContract({
    create: () => createSqliteBindings({ path: join(folder, String(serial++)), clock }),
    dispose: one => (one as SqliteBindings).close(),
    advance: ms => clock.advance(ms),
  })
  for (const { name, run } of cases) it(name, run)
})

describe('the contract of every binding store, always read from disk', () => {
  let serial = 0
  const cases = bindingStoreContract({
    create: () => createSqliteBindings({ path: join(folder, String(serial++)), clock, cacheEntries: 1 }),
    dispose: one => (one as SqliteBindings).close(),
    advance: ms => clock.advance(ms),
  })
  for (const { name, run } of cases) it(name, run)
})

describe('what is bound', () => {
  it('is there after a restart, for the rest of its life', async () => {
    const first = store()
    first.put('a', 'one', hourMs)
    first.bindIfAbsent('b', 'two', 1000)
    first.put('c', 'x', hourMs)
    first.rebind('c', 'x', 'three', hourMs)
    first.put('d', 'four', hourMs)
    first.unbind('d', 'four')
    const second = await reopened(first)
    expect(['a', 'b', 'c', 'd'].map(key => second.get(key))).toEqual(['one', 'two', 'three', undefined])
    clock.advance(1000)
    expect(second.get('b')).toBeUndefined()
  })

  it('is found again when the cache has let go of it', () => {
    const bindings = store({ cacheEntries: 2 })
    for (let i = 0; i < 50; i++) bindings.put(`key-${i}`, `target-${i}`, hourMs)
    for (let i = 0; i < 50; i++) expect(bindings.get(`key-${i}`)).toBe(`target-${i}`)
  })

  it('keeps a life that was prolonged in memory alone when the cache lets go of it, and over a restart', async () => {
    const first = store({ cacheEntries: 1 })
    first.put('evicted', 'a', hourMs)
    clock.advance(30_000)
    first.refresh('evicted', hourMs)
    first.put('closed', 'a', hourMs)
    clock.advance(30_000)
    first.refresh('closed', hourMs)
    const second = await reopened(first)
    clock.advance(hourMs - 30_001)
    expect(second.get('evicted')).toBe('a')
    clock.advance(30_000)
    expect(second.get('evicted')).toBeUndefined()
    expect(second.get('closed')).toBe('a')
  })

  it('writes a longer life at most once a minute', () => {
    const bindings = store()
    const lives = new Set<unknown>()
    bindings.put('key', 'a', hourMs)
    for (let i = 0; i < 600; i++) {
      clock.advance(1000)
      bindings.refresh('key', hourMs)
      lives.add((rows()[0] as { expires_ms: number }).expires_ms)
    }
    expect(lives.size).toBe(11)
  })

  it('does not outlive a shorter life over a restart', async () => {
    const first = store()
    first.put('key', 'a', hourMs)
    first.refresh('key', 1000)
    const second = await reopened(first)
    clock.advance(1000)
    expect(second.get('key')).toBeUndefined()
  })

  it('neither ends nor lasts longer when the wall clock is set', () => {
    const bindings = store()
    bindings.put('key', 'a', hourMs)
    clock.stepWall(10 * hourMs)
    expect(bindings.get('key')).toBe('a')
    clock.stepWall(-20 * hourMs)
    clock.advance(hourMs)
    expect(bindings.get('key')).toBeUndefined()
  })

  it('is written seldom when it lives for weeks, however often it is used', () => {
    const monthMs = 30 * 24 * hourMs
    const bindings = store()
    bindings.put('key', 'a', monthMs)
    const written = new Set<string>()
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000)
      bindings.refresh('key', monthMs)
      written.add(JSON.stringify(rows()))
    }
    expect(written.size).toBe(2)
    clock.advance(monthMs - hourMs)
    expect(bindings.get('key')).toBe('a')
  })

  it('is deleted from the disk some time after its life, by the worker', async () => {
    const bindings = store({ maintenanceEveryMs: 1000 })
    for (let i = 0; i < 1000; i++) bindings.put(`short-${i}`, 'a', 1000)
    bindings.put('long', 'a', 1000 * hourMs)
    while (rows().length > 1) {
      clock.advance(60_000)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    expect(rows()).toMatchObject([{ key: 'long' }])
    expect(bindings.get('long')).toBe('a')
  })

  it('moves from the log into the database by the worker alone', async () => {
    const bindings = store({ maintenanceEveryMs: 1000 })
    const size = (): number => statSync(join(folder, 'bindings.db')).size
    for (let i = 0; i < 3000; i++) bindings.put(`key-${i}`, 'a'.repeat(100), hourMs)
    const before = size()
    while (size() <= before) {
      clock.advance(1000)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  })

  it('moves from the log although what has expired cannot be deleted, because another holds the database', async () => {
    const bindings = store({ maintenanceEveryMs: 1000, busyTimeoutMs: 1 })
    const size = (): number => statSync(join(folder, 'bindings.db')).size
    for (let i = 0; i < 3000; i++) bindings.put(`key-${i}`, 'a'.repeat(100), 1000)
    const before = size()
    const other = new DatabaseSync(join(folder, 'bindings.db'))
    other.exec('BEGIN IMMEDIATE')
    try {
      while (size() <= before) {
        clock.advance(10 * hourMs)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
    } finally {
      other.close()
    }
  })

  it('leaves a log that starts anew, although writes went on all through the round', async () => {
    const bindings = store({ maintenanceEveryMs: 1000, maxLogPages: 100 })
    let key = 0
    const write = (): void => {
      // Without an end the loops below would fill the disk before the runner could stop them.
      if (key > 300_000) throw new Error('The worker has not moved the log after 300,000 writes.')
      bindings.put(`key-${key++}`, 'a'.repeat(100), hourMs)
    }
    const size = (): number => statSync(join(folder, 'bindings.db')).size
    for (let i = 0; i < 1000; i++) write()
    const before = size()
    clock.advance(1000)
    // Without a pause in which the worker could come to the end of the log.
    while (size() <= before) write()
    write()
    const begun = logsBegun()
    while (logsBegun() === begun) {
      await new Promise(resolve => setImmediate(resolve))
      write()
    }
  })
})

/** How often the log was started anew: the fourth word of its header. */
function logsBegun(): number {
  const header = Buffer.alloc(32)
  const log = openSync(join(folder, 'bindings.db-wal'), 'r')
  readSync(log, header)
  closeSync(log)
  return header.readUInt32BE(12)
}

describe('the data folder', () => {
  it('is made for its owner alone, and so are its files', () => {
    const path = join(folder, 'deep', 'data')
    store({ path }).put('key', 'a', hourMs)
    expect(statSync(path).mode & 0o777).toBe(0o700)
    for (const file of ['bindings.db', 'bindings.db-wal', 'headgate.lock', 'headgate.pid']) {
      expect(statSync(join(path, file)).mode & 0o777, file).toBe(0o600)
    }
  })

  it('leaves no log and no pid behind when closed', async () => {
    const bindings = store()
    bindings.put('key', 'a', hourMs)
    await bindings.close()
    expect(existsSync(join(folder, 'bindings.db-wal'))).toBe(false)
    expect(existsSync(join(folder, 'headgate.pid'))).toBe(false)
  })

  it('is refused when it cannot be made', () => {
    writeFileSync(join(folder, 'file'), '')
    expect(() => store({ path: join(folder, 'file', 'data') })).toThrow(
      /cannot be made \(a file is in the way\)/,
    )
  })

  it('is refused, with the pid, while another store of this process has it', () => {
    store()
    expect(() => store()).toThrow(`in use by process ${process.pid}`)
  })

  it('can be opened again after it was closed', async () => {
    for (let i = 0; i < 3; i++) await store().close()
  })
})

describe('a damaged or foreign database', () => {
  const file = (): string => join(folder, 'bindings.db')
  const thrown = (make: () => unknown): { code?: string; message?: string } => {
    try {
      make()
    } catch (error) {
      return error as { code: string; message: string }
    }
    return {}
  }

  it('is refused when it is no database, and left as it is', () => {
    const bytes = 'this is no database '.repeat(200)
    writeFileSync(file(), bytes)
    const error = thrown(store)
    expect(error.code).toBe('store_corrupt')
    expect(error.message).toContain(file())
    expect(readFileSync(file(), 'utf8')).toBe(bytes)
  })

  it('is told of when it turns out to be damaged later', async () => {
    const first = store()
    for (let i = 0; i < 2000; i++) first.put(`key-${i}`, 'a'.repeat(50), hourMs)
    await first.close()
    const bytes = readFileSync(file())
    bytes.fill(0xaa, 3 * 4096)
    writeFileSync(file(), bytes)
    const error = thrown(() => {
      const second = store()
      for (let i = 0; i < 2000; i++) second.get(`key-${i}`)
    })
    expect(error.code).toBe('store_corrupt')
  })

  it('is refused when its schema is newer, and keeps its data', async () => {
    const first = store()
    first.put('key', 'a', hourMs)
    await first.close()
    const newer = new DatabaseSync(file())
    newer.exec('UPDATE schema_version SET version = 99')
    newer.close()
    const error = thrown(store)
    expect(error.code).toBe('store_newer_schema')
    expect(error.message).toMatch(/version 99; this Headgate knows up to 1.*Nothing was changed/)
    expect(rows()).toHaveLength(1)
  })

  it('is refused while another program has locked it, and usable when it has let go', () => {
    store()
    const other = new DatabaseSync(file())
    other.exec('BEGIN EXCLUSIVE')
    const bindings = open[0]!
    const error = thrown(() => bindings.put('key', 'a', hourMs))
    expect(error).toMatchObject({ code: 'store_locked' })
    expect(bindings.get('key')).toBeUndefined()
    other.exec('ROLLBACK')
    other.close()
    bindings.put('key', 'a', hourMs)
    expect(bindings.get('key')).toBe('a')
  })

  it('says so when it is used after it was closed', async () => {
    const bindings = store()
    await bindings.close()
    expect(() => bindings.put('key', 'a', hourMs)).toThrow('is closed')
  })
})

/** Another process with a store of its own. */
class Child {
  readonly process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(script: string, options: { readonly uid?: number } = {}) {
    const source = `
      import { createSqliteBindings } from ${JSON.stringify(new URL('./bindings.ts', import.meta.url).href)}
      import { nodeClock as clock } from ${JSON.stringify(new URL('../../runtime/clock.ts', import.meta.url).href)}
      const path = ${JSON.stringify(folder)}
      const say = text => process.stdout.write(text + '\\n')
      ${script}`
    const args = ['--conditions=headgate-source', '--input-type=module-typescript', '-e', source]
    this.process = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], ...options })
    this.#lines = createInterface(this.process.stdout!)[Symbol.asyncIterator]()
  }

  async line(): Promise<string> {
    const { value } = await this.#lines.next()
    return value
  }

  async kill(): Promise<void> {
    const exited = once(this.process, 'exit')
    this.process.kill('SIGKILL')
    await exited
  }
}

const wallClock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule: (ms, callback) => {
    const timer = setTimeout(callback, ms)
    return () => clearTimeout(timer)
  },
}

describe('another process', () => {
  it('is refused with the pid of the one that has the folder', async () => {
    store()
    const child = new Child(`
      try { createSqliteBindings({ path, clock }); say('opened') } catch (error) { say(error.code + ' ' + error.message) }`)
    const line = await child.line()
    expect(line).toContain('store_in_use')
    expect(line).toContain(`process ${process.pid}`)
    await child.kill()
  })

  it('that was killed leaves everything it had answered, an intact database, and no lock', async () => {
    const child = new Child(`
      const bindings = createSqliteBindings({ path, clock, maintenanceEveryMs: 5 })
      for (let i = 0; ; i++) {
        bindings.put('key-' + i, 'target-' + i, ${hourMs})
        bindings.refresh('key-' + (i >> 1), ${hourMs})
        if (i % 100 === 0) {
          say(String(i))
          await new Promise(resolve => setImmediate(resolve))
        }
      }`)
    let acknowledged = 0
    while (acknowledged < 2000) acknowledged = Number(await child.line())
    await child.kill()

    const bindings = store({ clock: wallClock })
    for (let i = 0; i <= acknowledged; i++) expect(bindings.get(`key-${i}`)).toBe(`target-${i}`)
    const database = new DatabaseSync(join(folder, 'bindings.db'), { readOnly: true })
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    database.close()
  })

  it.skipIf(process.getuid?.() !== 0)(
    'without the right to write is told so (needs root to set up)',
    async () => {
      await store().close()
      chmodSync(folder, 0o755)
      chmodSync(join(folder, 'headgate.lock'), 0o644)
      const child = new Child(
        `try { createSqliteBindings({ path, clock }); say('opened') } catch (error) { say(error.code + ' ' + error.message) }`,
        { uid: 65534 },
      )
      expect(await child.line()).toMatch(/^store_read_only .*write permission/)
      await child.kill()
    },
  )
})
