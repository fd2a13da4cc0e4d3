/** Bounds of an {@link ObjectShelf}. */
export interface ShelfLimits {
  readonly count: number
  /** Sum of the sizes given to `put`. */
  readonly size: number
}

/** What an account keeps of one kind when nothing else is said. */
export const SHELF_LIMITS: ShelfLimits = { count: 10_000, size: 64_000_000 }

/** Objects of one account by id, oldest first; the oldest are forgotten when there are too many or they are too large. */
export class ObjectShelf<T extends { readonly id: string }> {
  readonly #limits: ShelfLimits
  readonly #byId = new Map<string, { readonly object: T; size: number }>()
  #size = 0

  constructor(limits: ShelfLimits = SHELF_LIMITS) {
    this.#limits = limits
  }

  get count(): number {
    return this.#byId.size
  }

  /** Adds an object, or tells that one has grown; the one just put is never forgotten. */
  put(object: T, size: number): void {
    this.#size += size - (this.#byId.get(object.id)?.size ?? 0)
    this.#byId.set(object.id, { object, size })
    for (const id of this.#byId.keys()) {
      const within = this.#byId.size <= this.#limits.count && this.#size <= this.#limits.size
      if (within) return
      if (id !== object.id) this.delete(id)
    }
  }

  get(id: string): T | undefined {
    return this.#byId.get(id)?.object
  }

  delete(id: string): boolean {
    this.#size -= this.#byId.get(id)?.size ?? 0
    return this.#byId.delete(id)
  }

  /** All objects, oldest first. */
  list(): T[] {
    return [...this.#byId.values()].map(({ object }) => object)
  }

  clear(): void {
    this.#byId.clear()
    this.#size = 0
  }
}
