import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Clock } from '@headgate/scheduler'
import type { Log } from '../../runtime/log.ts'
import type { MaintenanceData, MaintenanceOrder, MaintenanceReport } from './maintenance-worker.ts'

export interface MaintenanceOptions {
  readonly file: string
  readonly clock: Clock
  readonly everyMs: number
  /** How long a delete may wait while another holds the database. */
  readonly busyTimeoutMs: number
  /** Bindings whose life ended before this instant (on the store's own time) may be deleted. */
  readonly expiredBeforeMs: () => number
  readonly log: Log
  /** A round of the worker is over, and left the log this long, in pages. */
  readonly onRound: (logPages: number) => void
  /** The worker is gone for good: whoever writes has to make checkpoints again. */
  readonly onLost: () => void
}

/** Keeps the database small from another thread. */
export interface Maintenance {
  /** Ends the worker; resolves when its connection is closed. */
  close(): Promise<void>
}

/**
 * Has what has expired deleted, and the write-ahead log moved into the database, by a worker; the first round
 * comes after `everyMs`, and starts it.
 *
 * Both sync the disk: on the main thread they would hold up every request now and then for about ten milliseconds.
 * One round follows the other, never two at once; the worker does not keep the process alive.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { clock, everyMs, expiredBeforeMs, log, onRound, onLost } = options
  let worker: Worker | undefined
  let closing = false
  let cancel = clock.schedule(everyMs, order)

  function order(): void {
    const message: MaintenanceOrder = { expiredBeforeMs: expiredBeforeMs() }
    worker ??= startWorker({ file: options.file, busyTimeoutMs: options.busyTimeoutMs }, { report, lost })
    worker.postMessage(message)
  }

  function report({ logPages, error }: MaintenanceReport): void {
    if (closing) return
    if (error !== undefined) log.warn({ error }, 'Maintenance of the store failed; it will be tried again.')
    onRound(logPages)
    cancel = clock.schedule(everyMs, order)
  }

  function lost(error: unknown): void {
    log.error({ error }, 'The maintenance worker of the store is gone.')
    closing = true
    cancel()
    onLost()
  }

  return {
    async close() {
      cancel()
      if (closing) return
      closing = true
      if (worker === undefined) return
      const exited = once(worker, 'exit')
      worker.ref()
      worker.postMessage('close')
      await exited
    },
  }
}

function startWorker(
  data: MaintenanceData,
  hears: { readonly report: (report: MaintenanceReport) => void; readonly lost: (error: unknown) => void },
): Worker {
  // From sources this module is TypeScript and so is its neighbour; built, both are JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const url = new URL(`./maintenance-worker.${extension}`, import.meta.url)
  const worker = new Worker(url, { workerData: data, name: 'headgate-store' })
  worker.unref()
  worker.on('message', hears.report)
  worker.on('error', hears.lost)
  return worker
}
