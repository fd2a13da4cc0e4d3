import type { HealthNotice, HealthStore } from '../ports.ts'

/** One scheduler's end of a health store within this process. */
export interface MemoryHealthStore extends HealthStore {
  publish(notice: HealthNotice): void
  /** An end for another scheduler: it hears what is published at every other end, not at its own. */
  peer(): MemoryHealthStore
}

type Listener = (notice: HealthNotice) => void

/** `ends`: the listeners of every end that has any. */
function createEnd(ends: Set<Set<Listener>>): MemoryHealthStore {
  const own = new Set<Listener>()
  return {
    publish(notice) {
      for (const listeners of [...ends]) {
        if (listeners === own) continue
        for (const listener of [...listeners]) listener(notice)
      }
    },
    subscribe(listener) {
      const entry: Listener = notice => listener(notice)
      own.add(entry)
      ends.add(own)
      return () => {
        own.delete(entry)
        // An end that nobody listens at any more is forgotten, so that schedulers may come and go.
        if (own.size === 0) ends.delete(own)
      }
    },
    peer: () => createEnd(ends),
  }
}

/**
 * Health notices between the schedulers of one process. Whoever publishes is known by the end they publish at,
 * so every scheduler takes an end of its own (`peer`); with one scheduler there is nobody to tell. Delivery is
 * synchronous; nothing is kept for those who come later.
 */
export function createMemoryHealth(): MemoryHealthStore {
  return createEnd(new Set())
}
