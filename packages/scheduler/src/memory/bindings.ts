import type { BindingStore, Clock } from '../ports.ts'

/** Bindings kept in this process: {@link BindingStore}, synchronous and bounded. */
export interface MemoryBindingStore extends BindingStore {
  get(key: string): string | undefined
  put(key: string, target: string, ttlMs: number): void
  bindIfAbsent(key: string, target: string, ttlMs: number): string
  rebind(key: string, expected: string, next: string, ttlMs: number): boolean
  refresh(key: string, ttlMs: number): void
  unbind(key: string, expected: string): boolean
  /** Entries held, among them those that ran out and were not asked for since. */
  readonly size: number
}

/** Options of {@link createMemoryBindings}. */
export interface MemoryBindingsOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>
  /** At most so many bindings; default 100,000, about 25 MB with hashed keys. */
  readonly maxEntries?: number
}

interface Binding {
  target: string
  expiresAtMs: number
  /** Read or written since eviction last came by. */
  used: boolean
}

/**
 * A binding store for one process. Life is measured on the monotonic clock: a step of the wall clock neither
 * ends nor prolongs a binding, and at the very end of its life it is gone.
 *
 * Full, it drops what has been unused for longest, by second chance (Corbató's clock) over the Map's insertion
 * order: a use costs one write, where moving the entry to the end would cost a delete and an insert.
 */
export function createMemoryBindings(options: MemoryBindingsOptions): MemoryBindingStore {
  const { clock, maxEntries = 100_000 } = options
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
    throw new RangeError(
      `createMemoryBindings: maxEntries is ${maxEntries}; it must be a whole number of at least 1`,
    )
  }
  const bindings = new Map<string, Binding>()

  function alive(key: string, nowMs: number): Binding | undefined {
    const binding = bindings.get(key)
    if (binding === undefined) return undefined
    if (nowMs < binding.expiresAtMs) {
      binding.used = true
      return binding
    }
    bindings.delete(key)
    return undefined
  }

  function evictOne(nowMs: number): void {
    for (const [key, binding] of bindings) {
      bindings.delete(key)
      if (!binding.used || nowMs >= binding.expiresAtMs) return
      binding.used = false
      bindings.set(key, binding)
    }
  }

  function write(key: string, target: string, expiresAtMs: number, nowMs: number): void {
    const binding = bindings.get(key)
    if (binding === undefined) {
      if (bindings.size >= maxEntries) evictOne(nowMs)
      bindings.set(key, { target, expiresAtMs, used: false })
      return
    }
    binding.target = target
    binding.expiresAtMs = expiresAtMs
    binding.used = true
  }

  return {
    get: key => alive(key, clock.monotonicMs())?.target,

    put(key, target, ttlMs) {
      const nowMs = clock.monotonicMs()
      write(key, target, nowMs + ttlMs, nowMs)
    },

    bindIfAbsent(key, target, ttlMs) {
      const nowMs = clock.monotonicMs()
      const present = alive(key, nowMs)
      if (present !== undefined) return present.target
      write(key, target, nowMs + ttlMs, nowMs)
      return target
    },

    rebind(key, expected, next, ttlMs) {
      const nowMs = clock.monotonicMs()
      if (alive(key, nowMs)?.target !== expected) return false
      write(key, next, nowMs + ttlMs, nowMs)
      return true
    },

    refresh(key, ttlMs) {
      const nowMs = clock.monotonicMs()
      const present = alive(key, nowMs)
      if (present !== undefined) present.expiresAtMs = nowMs + ttlMs
    },

    unbind(key, expected) {
      if (alive(key, clock.monotonicMs())?.target !== expected) return false
      return bindings.delete(key)
    },

    get size() {
      return bindings.size
    },
  }
}
