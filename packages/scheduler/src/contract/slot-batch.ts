import type { LoadListener, MaybePromise, Slot, SlotBatch, SlotStore } from '../ports.ts'
import { assertThat } from './assert.ts'

/** A listener that writes down what it is told. */
export interface RecordingListener extends LoadListener {
  /** `account:inUse` in the order told. */
  readonly loads: string[]
  /** The last count told of an account, undefined before the first. */
  lastInUse(account: string): number | undefined
}

/** Makes a {@link RecordingListener}. */
export function createRecordingListener(): RecordingListener {
  const last = new Map<string, number>()
  const loads: string[] = []
  return {
    loads,
    lastInUse: account => last.get(account),
    load(account, inUse) {
      loads.push(`${account}:${inUse}`)
      last.set(account, inUse)
    },
    readable() {},
    lost() {},
  }
}

/** A batch as an engine fills it: `[account, limit]` in order. */
export function batchOf(
  origin: LoadListener,
  ...candidates: readonly (readonly [account: string, limit: number])[]
): SlotBatch {
  return {
    accounts: candidates.map(([account]) => account),
    limits: candidates.map(([, limit]) => limit),
    count: candidates.length,
    position: -1,
    results: candidates.map(() => 'untried' as const),
    origin,
  }
}

/** Acquires where a free slot is certain; throws when there is none. */
export async function mustAcquire(store: SlotStore, batch: SlotBatch): Promise<Slot> {
  const slot = await store.acquireFirst(batch)
  assertThat(slot !== null, `a free slot of ${batch.accounts.join(', ')} is granted`, slot)
  return slot!
}

/** How many slots of an account can be taken now, up to `limit`; gives them back afterwards. */
export async function countFree(store: SlotStore, account: string, limit: number): Promise<number> {
  const origin = createRecordingListener()
  const taken: Slot[] = []
  for (let slot = await store.acquireFirst(batchOf(origin, [account, limit])); slot !== null; ) {
    taken.push(slot)
    // A store that ignores its limit would never say no.
    slot = taken.length > limit ? null : await store.acquireFirst(batchOf(origin, [account, limit]))
  }
  await Promise.all(taken.map((slot): MaybePromise<void> => store.release(slot)))
  return taken.length
}
