import { Gauge, type Registry } from 'prom-client'

/** What the page reads of the process when it is fetched. */
export interface OverloadState {
  /** See the help of the metric. */
  readonly overloadLevel: number
  readonly bufferedBytes: number
}

/** Shows how much new work is turned away, and what bodies hold of the memory that they share. */
export function showOverload(registry: Registry, state: OverloadState): void {
  new Gauge({
    name: 'headgate_overload_level',
    help: '0 while nothing is turned away for overload; each level more turns away new work of higher priority.',
    registers: [registry],
    collect() {
      this.set(state.overloadLevel)
    },
  })
  new Gauge({
    name: 'headgate_buffered_bytes',
    help: 'Bytes of requests and answers that are held in memory; limits.bufferedShare bounds them.',
    registers: [registry],
    collect() {
      this.set(state.bufferedBytes)
    },
  })
}
