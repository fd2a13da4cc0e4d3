import type { Clock } from '@headgate/scheduler'

/** How many exchanges are under way, and when there are none. */
export class RunningCount {
  readonly #idleListeners = new Set<() => void>()
  #count = 0

  get count(): number {
    return this.#count
  }

  begin(): void {
    this.#count++
  }

  end(): void {
    this.#count--
    if (this.#count === 0) for (const listener of [...this.#idleListeners]) listener()
  }

  /** Resolves when nothing runs any more, or after `timeoutMs`; at once when that is 0. */
  whenIdle(clock: Clock, timeoutMs: number): Promise<void> {
    if (this.#count === 0 || timeoutMs <= 0) return Promise.resolve()
    return new Promise(resolve => {
      const done = (): void => {
        cancel()
        this.#idleListeners.delete(done)
        resolve()
      }
      const cancel = clock.schedule(timeoutMs, done)
      this.#idleListeners.add(done)
    })
  }
}
