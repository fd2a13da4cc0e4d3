import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Job, JobResult } from '../league/job.ts'

/** Options of {@link runJobs}. */
export interface RunOptions {
  /** Hears of every run that is done. */
  readonly progress?: (done: number, all: number, result: JobResult) => void
  /** Default: as many as there are cores. */
  readonly threads?: number
}

type Message =
  | { readonly kind: 'done'; readonly result: JobResult }
  | { readonly kind: 'failed'; readonly message: string }
  /** What was asked for is out of range. */
  | { readonly kind: 'refused'; readonly message: string }

/**
 * Makes runs on threads, and answers their results in the order of the jobs. Rejects with the first run that fails: with a
 * RangeError when its world would be too large.
 * Jobs of one world should stand together: a thread keeps the world it made last.
 */
export async function runJobs(jobs: readonly Job[], options: RunOptions = {}): Promise<JobResult[]> {
  const { progress, threads = availableParallelism() } = options
  const results: JobResult[] = new Array(jobs.length)
  let next = 0
  let done = 0
  const work = async (worker: Worker): Promise<void> => {
    for (let at = next++; at < jobs.length; at = next++) {
      const message = await ask(worker, jobs[at]!)
      if (message.kind !== 'done') throw failure(jobs[at]!, message)
      results[at] = message.result
      progress?.(++done, jobs.length, message.result)
    }
  }
  const workers = Array.from({ length: Math.min(threads, jobs.length) }, startWorker)
  try {
    await Promise.all(workers.map(work))
  } finally {
    await Promise.all(workers.map(worker => worker.terminate()))
  }
  return results
}

function failure({ id, seed, policy }: Job, { kind, message }: Exclude<Message, { kind: 'done' }>): Error {
  const text = `${id} with ${policy}, seed ${seed}, failed: ${message}`
  return kind === 'refused' ? new RangeError(text) : new Error(text)
}

function ask(worker: Worker, job: Job): Promise<Message> {
  return new Promise((resolve, reject) => {
    const answered = (message: Message) => {
      worker.off('error', reject)
      resolve(message)
    }
    worker.once('message', answered)
    worker.once('error', reject)
    worker.postMessage(job)
  })
}

function startWorker(): Worker {
  // From sources this module is TypeScript and so is its neighbour; built, both are JavaScript.
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./worker.${extension}`, import.meta.url), { name: 'headgate-simulator' })
}
