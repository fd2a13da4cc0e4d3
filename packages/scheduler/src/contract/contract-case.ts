import type { MaybePromise } from '../ports.ts'

/**
 * One claim about a port, to be run by any test framework (or none):
 * `for (const { name, run } of slotStoreContract(options)) it(name, run)`.
 * `run` rejects with an Error that says what was expected and what came.
 */
export interface ContractCase {
  /** Reads as a claim. Unique within a suite. */
  readonly name: string
  run(): Promise<void>
}

/** How a suite gets at an implementation. Every case makes a store of its own and disposes of it. */
export interface ContractOptions<Store> {
  /** Makes an empty store that shares nothing with those made before. */
  create(): MaybePromise<Store>
  /**
   * Another participant's end of the same store, as another node has it. Without it, cases about others use
   * two listeners or callers of one store.
   */
  peer?(store: Store): MaybePromise<Store>
  /** Called for every store and peer when its case is over, failed or not. */
  dispose?(store: Store): MaybePromise<void>
  /** Lets so many milliseconds pass for every store. Without it, cases about time are left out. */
  advance?(ms: number): MaybePromise<void>
  /** Lets messages that are under way arrive, a little at a time; needed where delivery takes real time. */
  deliver?(): MaybePromise<void>
}

/** What a case works with. */
export interface ContractBench<Store> {
  readonly store: Store
  /** Another participant: `options.peer`, or the store itself. */
  readonly peer: Store
  /** Repeats a check until it holds, letting messages arrive in between; rethrows its last failure. */
  eventually(check: () => void): Promise<void>
  /** Lets everything arrive that might, before a check that nothing did. */
  quiet(): Promise<void>
}

/** How often `eventually` looks; with `deliver` sleeping 10 ms, that is two seconds. */
const looks = 200
/** How often `quiet` lets messages arrive. */
const quietRounds = 5

function createBench<Store>(
  options: ContractOptions<Store>,
  store: Store,
  peer: Store,
): ContractBench<Store> {
  return {
    store,
    peer,
    async eventually(check) {
      for (let look = 1; ; look++) {
        try {
          check()
          return
        } catch (error) {
          if (look === looks) throw error
        }
        await options.deliver?.()
      }
    },
    async quiet() {
      for (let round = 0; round < quietRounds; round++) await options.deliver?.()
    },
  }
}

/** A case with a fresh store and peer, disposed of whatever happens. */
export function contractCase<Store>(
  options: ContractOptions<Store>,
  name: string,
  body: (bench: ContractBench<Store>) => Promise<void> | void,
): ContractCase {
  return {
    name,
    async run() {
      const store = await options.create()
      try {
        const peer = options.peer === undefined ? store : await options.peer(store)
        try {
          await body(createBench(options, store, peer))
        } finally {
          if (peer !== store) await options.dispose?.(peer)
        }
      } finally {
        await options.dispose?.(store)
      }
    },
  }
}
