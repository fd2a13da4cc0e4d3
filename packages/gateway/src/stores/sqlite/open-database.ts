import { DatabaseSync } from 'node:sqlite'
import { ensurePrivateFile } from './folder.ts'
import { migrate } from './schema.ts'
import { storeErrorOf } from './store-error.ts'

/**
 * Opens a database of bindings: write-ahead log, `synchronous` NORMAL (an answer survives the end of the process,
 * a power cut may take the last moments), no checkpoint on this connection. Throws `StoreError`.
 */
export function openDatabase(file: string, busyTimeoutMs: number): DatabaseSync {
  ensurePrivateFile(file)
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: busyTimeoutMs })
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0')
    migrate(database, file)
    return database
  } catch (error) {
    database?.close()
    throw storeErrorOf(error, file)
  }
}
