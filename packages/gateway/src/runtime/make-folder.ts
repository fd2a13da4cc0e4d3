import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Makes a folder and those above it that are missing, readable by their owner alone; one that is there is left as it is.
 * Throws the system's error.
 *
 * One by one: Node's own `recursive` never returns where a file system answers ENOENT to whoever makes a folder in one that
 * exists, as /proc does.
 */
export function makeFolder(folder: string): void {
  const missing: string[] = []
  let at = resolve(folder)
  for (; !existsSync(at); at = dirname(at)) missing.push(at)
  for (const path of missing.reverse()) makeOne(path)
  if (!statSync(at).isDirectory())
    throw Object.assign(new Error(`EEXIST: ${at} is a file`), { code: 'EEXIST' })
}

/** Another process may have been quicker. */
function makeOne(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) throw error
  }
}
