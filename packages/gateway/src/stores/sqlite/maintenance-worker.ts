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

function maintain({ expiredBeforeMs }: MaintenanceOrder): MaintenanceReport {
  let deleted = 0
  try {
    for (;;) {
      const { changes } = removeChunk.run(expiredBeforeMs, chunkRows)
      deleted += Number(changes)
      if (Number(changes) < chunkRows) break
    }
    // Passive: copies what it can into the database without holding up readers or the writer.
    database.exec('PRAGMA wal_checkpoint(PASSIVE)')
    return { deleted }
  } catch (error) {
    return { deleted, error: error instanceof Error ? error.message : String(error) }
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
