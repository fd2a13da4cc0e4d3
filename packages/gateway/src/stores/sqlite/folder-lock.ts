import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ensurePrivateFile } from './folder.ts'
import { StoreError, storeErrorOf } from './store-error.ts'

/** The right to use one data folder, held by one process at a time. */
export interface FolderLock {
  release(): void
}

/**
 * Takes a data folder for this process; throws `store_in_use` with the holder's pid when another has it.
 *
 * The lock is the operating system's own (an exclusive transaction of SQLite, which nothing else opens), so it
 * ends with its holder however that ended: no stale lock survives a kill -9, and a pid that was given to another
 * program, or that is always 1 in a container, cannot be mistaken for the holder. The pid file beside it only
 * says whom to look for.
 */
export function lockFolder(folder: string): FolderLock {
  const lockFile = join(folder, 'headgate.lock')
  const pidFile = join(folder, 'headgate.pid')
  ensurePrivateFile(lockFile)
  const database = openLock(lockFile)
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const failure = storeErrorOf(error, lockFile)
    if (!(failure instanceof StoreError) || failure.code !== 'store_locked') throw failure
    throw new StoreError(
      'store_in_use',
      `The data folder ${folder} is in use by ${holderOf(pidFile)}. Stop it, or give this one another store.path.`,
      { cause: error },
    )
  }
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    release() {
      if (!database.isOpen) return
      rmSync(pidFile, { force: true })
      database.close()
    },
  }
}

function openLock(lockFile: string): DatabaseSync {
  try {
    return new DatabaseSync(lockFile, { timeout: 0 })
  } catch (error) {
    throw storeErrorOf(error, lockFile)
  }
}

function holderOf(pidFile: string): string {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isInteger(pid) ? `process ${pid}` : 'another process'
  } catch {
    return 'another process'
  }
}
