/** What can be wrong with the embedded store; stable codes. */
export type StoreErrorCode =
  | 'store_folder'
  | 'store_in_use'
  | 'store_read_only'
  | 'store_locked'
  | 'store_corrupt'
  | 'store_newer_schema'
  | 'store_full'
  | 'store_closed'
  | 'store_failed'

/** Why the embedded store cannot be opened or used: what, where, and the remedy. `cause` is the system's error. */
export class StoreError extends Error {
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.name = 'StoreError'
    this.code = code
  }
}

/** SQLite's primary result codes that have a remedy of their own (https://sqlite.org/rescode.html). */
const busy = 5
const locked = 6
const readOnly = 8
const ioError = 10
const corrupt = 11
const full = 13
const cannotOpen = 14
const notADatabase = 26

/** Says an error of `node:sqlite` so that an operator knows what to do. Errors of other origins pass unchanged. */
export function storeErrorOf(error: unknown, file: string): unknown {
  const { errcode, errstr } = error as { errcode?: number; errstr?: string }
  if (typeof errcode !== 'number') return error
  const fail = (code: StoreErrorCode, message: string): StoreError =>
    new StoreError(code, message, { cause: error })
  // Extended codes carry the primary one in their low byte.
  switch (errcode & 0xff) {
    case busy:
    case locked:
      return fail(
        'store_locked',
        `${file} is locked by another program. Close whatever has it open (sqlite3, a backup).`,
      )
    case readOnly:
      return fail(
        'store_read_only',
        `${file} cannot be written. Give this user write permission on it and its folder.`,
      )
    case corrupt:
    case notADatabase:
      return fail(
        'store_corrupt',
        `${file} is damaged or no database. Restore a backup, or move it away to start without bindings: conversations then begin anew.`,
      )
    case full:
    case ioError:
      return fail(
        'store_full',
        `${file} could not be written (${errstr}). Check the disk for space and errors.`,
      )
    case cannotOpen:
      return fail(
        'store_folder',
        `${file} cannot be opened. Check that this user may read and write the folder.`,
      )
    default:
      return fail('store_failed', `${file} failed: ${errstr}.`)
  }
}
