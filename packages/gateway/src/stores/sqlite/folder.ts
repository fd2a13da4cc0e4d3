import { closeSync, openSync } from 'node:fs'
import { makeFolder } from '../../runtime/make-folder.ts'
import { StoreError } from './store-error.ts'

/** Makes the data folder when it is missing, readable by its owner alone. An existing one is left as it is. */
export function ensureFolder(folder: string): void {
  try {
    makeFolder(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const why = code === 'EEXIST' || code === 'ENOTDIR' ? 'a file is in the way' : String(code)
    throw new StoreError(
      'store_folder',
      `The data folder ${folder} cannot be made (${why}). Make it, or set store.path to a folder this user may write.`,
      { cause: error },
    )
  }
}

/** Makes a file its owner alone may read, before SQLite makes it with the process's umask. Its siblings follow. */
export function ensurePrivateFile(file: string): void {
  try {
    closeSync(openSync(file, 'a', 0o600))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const readOnly = code === 'EACCES' || code === 'EROFS' || code === 'EPERM'
    throw new StoreError(
      readOnly ? 'store_read_only' : 'store_folder',
      `${file} cannot be written (${code}). Give this user write permission on the folder, or set store.path to another.`,
      { cause: error },
    )
  }
}
