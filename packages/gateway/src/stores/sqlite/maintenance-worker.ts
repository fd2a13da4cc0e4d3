import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** What the worker is started with. */
export interface MaintenanceData {
  readonly file: string
  /** How long a delete may wait for its turn. */
  readonly busyTimeoutMs: number
}

/** One round of maintenance, as of this instant. */
export interface MaintenanceOrder {
  readonly expiredBeforeMs: number
}

/** What a round did. */
export interface MaintenanceReport {
  /** Length of the write-ahead log, in pages, when the round ended. */
  readonly logPages: number
  /** Set when part of the round failed; the next one tries again. */
  readonly error?: string
}

/** Rows deleted in one transaction: the writer on the main thread waits for at most one of them (about 1 ms). */
const chunkRows = 200

const { file, busyTimeoutMs } = workerData as MaintenanceData
const database = new DatabaseSync(file, { timeout: busyTimeoutMs })
// The checkpoints are made here on purpose, never as the by-product of a delete.
database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
const removeChunk = database.prepare(
  'DELETE FROM binding WHERE key IN (SELECT key FROM binding WHERE expires_ms <= ? LIMIT ?)',
)
const oneExpired = database.prepare('SELECT 1 FROM binding WHERE expires_ms <= ? LIMIT 1')
// Passive: copies what it can into the database without holding up readers or the writer.
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

/**
 * The checkpoint is made although a delete failed: a writer that never pauses can keep the delete from its turn
 * (SQLite waits by polling, which is unfair), and it is exactly then that the log grows.
 */
function maintain({ expiredBeforeMs }: MaintenanceOrder): MaintenanceReport {
  const errors: string[] = []
  const attempt = <T>(work: () => T): T | undefined => {
    try {
      return work()
    } catch (error) {
      errors.push(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }
  attempt(() => removeExpired(expiredBeforeMs))
  const logPages = attempt(() => Number(checkpoint.get()?.['log'])) ?? 0
  return errors.length === 0 ? { logPages } : { logPages, error: errors.join('; ') }
}

/** Takes the writer's lock only when there is something to delete. */
function removeExpired(beforeMs: number): void {
  while (oneExpired.get(beforeMs) !== undefined) removeChunk.run(beforeMs, chunkRows)
}

parentPort?.on('message', (order: MaintenanceOrder | 'close') => {
  if (order !== 'close') {
    parentPort?.postMessage(maintain(order))
    return
  }
  database.close()
  parentPort?.close()
})
