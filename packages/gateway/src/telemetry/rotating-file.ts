import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makeFolder } from '../runtime/make-folder.ts'

export interface RotatingFileOptions {
  readonly path: string
  /** A file is put aside before it grows beyond this. */
  readonly maxSizeBytes: number
  /** How many files there are at most, the current one included. */
  readonly maxFiles: number
}

/**
 * Appends to `path`; full, it becomes `path.1`, `path.1` becomes `path.2`, and the oldest goes. Calls must not
 * overlap. Files are readable by their owner alone; missing folders are made.
 */
export class RotatingFile {
  readonly #options: RotatingFileOptions
  #file: Awaited<ReturnType<typeof open>> | undefined
  #sizeBytes = 0

  constructor(options: RotatingFileOptions) {
    this.#options = options
  }

  /** Appends whole lines; a piece larger than a file gets one of its own. */
  async append(text: string): Promise<void> {
    const bytes = Buffer.byteLength(text)
    await this.#ensureOpen()
    if (this.#sizeBytes > 0 && this.#sizeBytes + bytes > this.#options.maxSizeBytes) await this.#rotate()
    await this.#file!.appendFile(text)
    this.#sizeBytes += bytes
  }

  async close(): Promise<void> {
    const file = this.#file
    this.#file = undefined
    await file?.close()
  }

  async #ensureOpen(): Promise<void> {
    if (this.#file !== undefined) return
    const { path } = this.#options
    makeFolder(dirname(path))
    this.#file = await open(path, 'a', 0o600)
    this.#sizeBytes = (await this.#file.stat()).size
  }

  async #rotate(): Promise<void> {
    const { path, maxFiles } = this.#options
    await this.close()
    const name = (n: number): string => (n === 0 ? path : `${path}.${n}`)
    await rm(name(maxFiles - 1), { force: true })
    for (let n = maxFiles - 2; n >= 0; n--) await rename(name(n), name(n + 1)).catch(ignoreMissing)
    await this.#ensureOpen()
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
