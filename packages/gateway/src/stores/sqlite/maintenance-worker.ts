import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

/** What the worker is started with. */
export interface MaintenanceData {
  readonly file: string
}

/** One round of maintenance, as of this instant. */
export interface MaintenanceOrder {
  readonly expiredBeforeMs: number
}

/** What a round did. */
export interface MaintenanceReport {
  readonly deleted: number
  /** Length of the write-ahead log, in pages, when the round ended. */
  readonly logPages: number
  /** Set when the round failed; the next one tries again. */
  readonly error?: string
}

/** Rows deleted in one transaction: the writer on the main thread waits for at most one of them (about 1 ms). */
const chunkRows = 200

const { file } = workerData as MaintenanceData
const database = new DatabaseSync(file, { timeout: 1000 })
// The checkpoints are made here on purpose, never as the by-product of a delete.
database.exec('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
const removeChunk = database.prepare(
  'DELETE FROM binding WHERE key IN (SELECT key FROM binding WHERE expires_ms <= ? LIMIT ?)',
)
// Passive: copies what it can into the database without holding up readers or the writer.
const checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)')

function maintain({ expiredBeforeMs }: MaintenanceOrder): MaintenanceReport {
  let deleted = 0
  try {
    for (;;) {
      const { changes } = removeChunk.run(expiredBeforeMs, chunkRows)
      deleted += Number(changes)
      if (Number(changes) < chunkRows) break
    }
    return { deleted, logPages: Number(checkpoint.get()?.['log']) }
  } catch (error) {
    return { deleted, logPages: 0, error: error instanceof Error ? error.message : String(error) }
  }
}

parentPort?.on('message', (order: MaintenanceOrder | 'close') => {
  if (order !== 'close') {
    parentPort?.postMessage(maintain(order))
    return
  }
  database.close()
  parentPort?.close()
})
