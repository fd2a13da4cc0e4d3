import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

/** How busy the process is. */
export interface Load {
  /** The share of its limit that the heap takes, 0 to 1. */
  readonly heap: number
  /** The 99th percentile of how late the event loop was since it was read last, in milliseconds. */
  readonly loopLagMs: number
}

/** Reads the process's load; a port, so that tests can play it. */
export interface LoadProbe {
  /** 10 us. */
  read(): Load
  close(): void
}

/** How often the delay is looked at; what is measured includes it. */
const resolutionMs = 20

/** The load of this process. */
export function createLoadProbe(): LoadProbe {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  return {
    read() {
      const loopLagMs = Math.max(0, delay.percentile(99) / 1e6 - resolutionMs)
      delay.reset()
      const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics()
      return { heap: used / limit, loopLagMs }
    },
    close: () => void delay.disable(),
  }
}
