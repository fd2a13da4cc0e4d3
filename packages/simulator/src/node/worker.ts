import { parentPort } from 'node:worker_threads'
import { createJobRunner, type Job } from '../league/job.ts'
import { shippedTraces } from './traces.ts'

// A thread that makes the runs it is sent, one at a time, and sends back what came of each.
const port = parentPort!
const run = createJobRunner(shippedTraces(), { nowMicros: () => performance.now() * 1000 })

port.on('message', async (job: Job) => {
  try {
    port.postMessage({ kind: 'done', result: await run(job) })
  } catch (error) {
    if (error instanceof RangeError) port.postMessage({ kind: 'refused', message: error.message })
    else {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error)
      port.postMessage({ kind: 'failed', message })
    }
  }
})
