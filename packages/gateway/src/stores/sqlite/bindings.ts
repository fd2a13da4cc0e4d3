/** Longer than other files: what is cached, what is on disk and how long it lives are one state. */
import { join } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { BindingStore, Clock } from '@headgate/scheduler'
import { LRUCache } from 'lru-cache'
import { type Log, silentLog } from '../../runtime/log.ts'
import { ensureFolder } from './folder.ts'
import { type FolderLock, lockFolder } from './folder-lock.ts'
import { type Maintenance, startMaintenance } from './maintenance.ts'
import { openDatabase } from './open-database.ts'
import { StoreError, storeErrorOf } from './store-error.ts'

/** Options of {@link createSqliteBindings}. */
export interface SqliteBindingsOptions {
  /** The data folder; made when missing, for its owner alone. */
  readonly path: string
  readonly clock: Clock
  /** Bindings kept in memory in front of the database; default 100,000, about 25 MB. */
  readonly cacheEntries?: number
  /** How long a write may wait for another program that holds the database; it blocks the process. Default 250. */
  readonly busyTimeoutMs?: number
  /** How often expired bindings are deleted and the log is moved into the database. Default 5 s. */
  readonly maintenanceEveryMs?: number
  /** Pages of the log (of 4 KiB) beyond which it is started anew; default 16,384, which is 64 MiB. */
  readonly maxLogPages?: number
  readonly log?: Log
}

/** {@link BindingStore} on disk: every method is synchronous, and throws `StoreError` when the disk fails it. */
export interface SqliteBindings extends BindingStore {
  get(key: string): string | undefined
  put(key: string, target: string, ttlMs: number): void
  bindIfAbsent(key: string, target: string, ttlMs: number): string
  rebind(key: string, expected: string, next: string, ttlMs: number): boolean
  refresh(key: string, ttlMs: number): void
  unbind(key: string, expected: string): boolean
  /** Throws when the last write failed and another one fails as well; costs nothing while writes succeed. */
  checkWrites(): void
  /** Throws when the database cannot be read, or not be written. */
  check(): void
  /** Writes what is still owed, ends the worker, closes the files, gives the folder back. Idempotent. */
  close(): Promise<void>
}

/**
 * Bindings that survive a restart, in `bindings.db` of the data folder.
 *
 * A cache in front answers almost every read; what it does not hold is read from the database (about 4 us). Writes
 * go through before they are answered (about 20 us) and survive kill -9; a power cut may take the last moments.
 * Only prolonging a life is lazy: it reaches the disk once it has moved by a minute, by a tenth of its length when that
 * is less, by a thousandth when that is more, and when the entry leaves the cache; a crash costs a binding at most that.
 *
 * Instants on disk are wall-clock milliseconds; while the process runs, time is the wall clock at its start
 * carried on by the monotonic one, so that a step of the clock ends no life early.
 *
 * One process at a time: throws `store_in_use` with the pid of the one that has the folder.
 */
export function createSqliteBindings(options: SqliteBindingsOptions): SqliteBindings {
  return new SqliteBindingStore(options)
}

interface Binding {
  target: string
  expiresMs: number
  /** What the database says of `expiresMs`. */
  storedMs: number
}

/**
 * How much a life must have moved before that is written. A minute, so that a session costs one write a minute; of lives
 * of weeks a thousandth, because one turn of an agent prolongs dozens of them.
 */
function refreshStepMs(ttlMs: number): number {
  return Math.min(Math.max(60_000, ttlMs / 1000), ttlMs / 10, longestStepMs)
}

const longestStepMs = 3_600_000

class SqliteBindingStore implements SqliteBindings {
  readonly #file: string
  readonly #clock: Clock
  readonly #wallLeadMs: number
  readonly #lock: FolderLock
  readonly #database: DatabaseSync
  readonly #maintenance: Maintenance
  readonly #cache: LRUCache<string, Binding>
  readonly #log: Log
  readonly #select: StatementSync
  readonly #upsert: StatementSync
  readonly #extend: StatementSync
  readonly #remove: StatementSync
  #closed: Promise<void> | undefined
  #lastWriteFailed = false

  constructor(options: SqliteBindingsOptions) {
    const { path, clock, log = silentLog, busyTimeoutMs = 250 } = options
    this.#file = join(path, 'bindings.db')
    this.#clock = clock
    this.#wallLeadMs = clock.wallMs() - clock.monotonicMs()
    this.#log = log
    ensureFolder(path)
    this.#lock = lockFolder(path)
    try {
      this.#database = openDatabase(this.#file, busyTimeoutMs)
    } catch (error) {
      this.#lock.release()
      throw error
    }
    const database = this.#database
    this.#select = database.prepare('SELECT target, expires_ms FROM binding WHERE key = ? AND expires_ms > ?')
    this.#upsert = database.prepare(
      'INSERT INTO binding VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET target = excluded.target, expires_ms = excluded.expires_ms',
    )
    this.#extend = database.prepare('UPDATE binding SET expires_ms = ? WHERE key = ?')
    this.#remove = database.prepare('DELETE FROM binding WHERE key = ?')
    this.#cache = new LRUCache({
      max: options.cacheEntries ?? 100_000,
      dispose: (binding, key, reason) => {
        if (reason === 'evict') this.#writeOwedLife(key, binding)
      },
    })
    this.#maintenance = startMaintenance({
      file: this.#file,
      clock,
      everyMs: options.maintenanceEveryMs ?? 5000,
      busyTimeoutMs,
      // Lives that were prolonged in memory alone are longer than the disk knows.
      expiredBeforeMs: () => this.#nowMs() - 2 * longestStepMs,
      log,
      onRound: logPages => this.#restartLog(logPages, options.maxLogPages ?? 16_384),
      onLost: () => database.exec('PRAGMA wal_autocheckpoint = 1000'),
    })
  }

  get(key: string): string | undefined {
    return this.#alive(key, this.#nowMs())?.target
  }

  put(key: string, target: string, ttlMs: number): void {
    this.#write(key, target, this.#nowMs() + ttlMs)
  }

  bindIfAbsent(key: string, target: string, ttlMs: number): string {
    const nowMs = this.#nowMs()
    const present = this.#alive(key, nowMs)
    if (present !== undefined) return present.target
    this.#write(key, target, nowMs + ttlMs)
    return target
  }

  rebind(key: string, expected: string, next: string, ttlMs: number): boolean {
    const nowMs = this.#nowMs()
    if (this.#alive(key, nowMs)?.target !== expected) return false
    this.#write(key, next, nowMs + ttlMs)
    return true
  }

  refresh(key: string, ttlMs: number): void {
    const nowMs = this.#nowMs()
    const present = this.#alive(key, nowMs)
    if (present === undefined) return
    const expiresMs = Math.ceil(nowMs + ttlMs)
    const step = refreshStepMs(ttlMs)
    // A shorter life is written at once: after a crash the binding must not outlive it.
    if (expiresMs >= present.storedMs + step || expiresMs < present.storedMs)
      this.#storeLife(key, present, expiresMs)
    present.expiresMs = expiresMs
  }

  unbind(key: string, expected: string): boolean {
    if (this.#alive(key, this.#nowMs())?.target !== expected) return false
    this.#change(() => this.#remove.run(key))
    this.#cache.delete(key)
    return true
  }

  checkWrites(): void {
    // What is written does not matter and is over at once.
    if (this.#lastWriteFailed) this.#change(() => this.#upsert.run('check', '', 0))
  }

  check(): void {
    this.checkWrites()
    this.#run(() => this.#select.get('check', 0))
  }

  close(): Promise<void> {
    this.#closed ??= this.#shutDown()
    return this.#closed
  }

  #nowMs(): number {
    return this.#wallLeadMs + this.#clock.monotonicMs()
  }

  #alive(key: string, nowMs: number): Binding | undefined {
    const cached = this.#cache.get(key)
    if (cached !== undefined) {
      if (nowMs < cached.expiresMs) return cached
      this.#cache.delete(key)
      return undefined
    }
    const row = this.#run(() => this.#select.get(key, Math.floor(nowMs)))
    if (row === undefined) return undefined
    const storedMs = row['expires_ms'] as number
    const found: Binding = { target: row['target'] as string, expiresMs: storedMs, storedMs }
    this.#cache.set(key, found)
    return found
  }

  #write(key: string, target: string, until: number): void {
    const expiresMs = Math.ceil(until)
    this.#change(() => this.#upsert.run(key, target, expiresMs))
    this.#cache.set(key, { target, expiresMs, storedMs: expiresMs })
  }

  #storeLife(key: string, binding: Binding, expiresMs: number): void {
    this.#change(() => this.#extend.run(expiresMs, key))
    binding.storedMs = expiresMs
  }

  #writeOwedLife(key: string, binding: Binding): void {
    if (binding.expiresMs <= binding.storedMs) return
    try {
      this.#storeLife(key, binding, binding.expiresMs)
    } catch (error) {
      this.#log.warn({ error }, 'The longer life of a binding could not be written.')
    }
  }

  #change(work: () => void): void {
    this.#lastWriteFailed = true
    this.#run(work)
    this.#lastWriteFailed = false
  }

  #run<T>(work: () => T): T {
    if (this.#closed !== undefined) throw new StoreError('store_closed', `${this.#file} is closed.`)
    try {
      return work()
    } catch (error) {
      throw storeErrorOf(error, this.#file)
    }
  }

  /**
   * The log starts anew only after a checkpoint that left nothing out, and the worker's never is while writes go on:
   * each finds what was written meanwhile. Here nothing is written meanwhile, and there are milliseconds' worth to copy.
   */
  #restartLog(logPages: number, maxLogPages: number): void {
    if (logPages <= maxLogPages) return
    try {
      this.#database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    } catch (error) {
      this.#log.warn({ error }, 'The log of the store could not be started anew; it will be tried again.')
    }
  }

  async #shutDown(): Promise<void> {
    await this.#maintenance.close()
    this.#writeAllOwedLives()
    // The last connection to close moves the log into the database and removes it.
    this.#database.close()
    this.#lock.release()
  }

  #writeAllOwedLives(): void {
    try {
      this.#database.exec('BEGIN')
      for (const [key, { expiresMs, storedMs }] of this.#cache.entries()) {
        if (expiresMs > storedMs) this.#extend.run(expiresMs, key)
      }
      this.#database.exec('COMMIT')
    } catch (error) {
      this.#log.warn({ error }, 'The longer lives of bindings could not be written.')
    }
  }
}
