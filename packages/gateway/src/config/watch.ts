import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readFile, realpath } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { LoadedConfig } from './load.ts'

/** Timers as an argument, so that tests need not wait. */
export interface Timers {
  readonly setTimeout: (run: () => void, delayMs: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
}

export interface WatchOptions {
  readonly path: string
  /** The {@link fileDigest} of what is in use; absent: what the file holds now. */
  readonly since?: string | undefined
  /** Reads and checks the file; rejects when it may not be used. */
  readonly load: () => Promise<LoadedConfig>
  /** The file has new contents and they are valid. */
  readonly onChanged: (loaded: LoadedConfig) => void
  /** The file has new contents and they are invalid, at the second look as well; what was loaded before holds. */
  readonly onRejected: (error: unknown) => void
  /** How long to wait for further events, and before the second look; default 200. */
  readonly debounceMs?: number
  readonly timers?: Timers
}

export interface ConfigWatch {
  /** Looks at the file now, whether or not it seems to have changed (SIGHUP). */
  reload(): Promise<void>
  close(): void
}

const systemTimers: Timers = {
  setTimeout: (run, delayMs) => setTimeout(run, delayMs).unref(),
  clearTimeout: timer => clearTimeout(timer as NodeJS.Timeout),
}

/**
 * Watches the configuration file for new contents. Folders are watched, not the file: editors replace a file by
 * renaming another over it, and Kubernetes swaps a symbolic link beside it (`..data`), and either leaves a watch
 * of the file itself on something that is gone. Events only say "look again"; contents decide (SHA-256), so
 * touching the file does nothing. A file caught half-written is looked at once more before it is rejected.
 * Does not keep the process alive.
 */
export async function watchConfig(options: WatchOptions): Promise<ConfigWatch> {
  const { path, timers = systemTimers, debounceMs = 200 } = options
  let seen = options.since ?? (await fileDigest(path))
  let closed = false
  let timer: unknown
  let running: Promise<void> = Promise.resolve()
  const pause = () => new Promise<void>(done => void timers.setTimeout(done, debounceMs))

  const load = async (): Promise<void> => {
    const loaded = await options.load().catch(async () => {
      await pause()
      return await options.load()
    })
    if (!closed) options.onChanged(loaded)
  }
  const look = async (when: 'changed' | 'always'): Promise<void> => {
    const found = await fileDigest(path)
    if (closed || (when === 'changed' && found === seen)) return
    seen = found
    await load().catch(error => closed || options.onRejected(error))
  }
  // One look at a time: two that overlap could apply an older file last.
  const enqueue = (when: 'changed' | 'always'): Promise<void> => {
    running = running.then(() => look(when))
    return running
  }
  const onEvent = (): void => {
    timers.clearTimeout(timer)
    timer = timers.setTimeout(() => void enqueue('changed'), debounceMs)
  }
  const watchers = await watchFolders(path, onEvent)
  if (options.since !== undefined) onEvent()
  return {
    reload: () => enqueue('always'),
    close: () => {
      closed = true
      timers.clearTimeout(timer)
      for (const watcher of watchers) watcher.close()
    },
  }
}

/** The folder of the path as written and, where it is a link, of what it leads to. */
async function watchFolders(path: string, onEvent: () => void): Promise<FSWatcher[]> {
  const target = await realpath(path).catch(() => path)
  const folders = new Set([dirname(resolve(path)), dirname(resolve(target))])
  return [...folders].map(folder => {
    const watcher = watch(folder, { persistent: false }, onEvent)
    // A folder that is removed (the old half of a swapped link) ends its own watch and nothing else.
    return watcher.on('error', () => watcher.close())
  })
}

/** What the file holds, as far as telling a change needs; undefined while it does not exist. */
export async function fileDigest(path: string): Promise<string | undefined> {
  const bytes = await readFile(path).catch(() => undefined)
  return bytes && createHash('sha256').update(bytes).digest('hex')
}
