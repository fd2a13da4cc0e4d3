import type { Clock } from '@headgate/scheduler'
import { sourceOf } from './address-source.ts'

/** Counts wrong keys by the address they come from. */
export interface WrongKeys {
  /**
   * Notes one more; answers undefined while it is to be called wrong, and milliseconds to the next try once the
   * address has spent its tries. Costs nothing to requests with a right key, which are never counted nor refused.
   */
  noted(address: string): number | undefined
  /** Addresses remembered; bounded. */
  readonly size: number
}

/** Tries an address has at once, and how long one takes to come back. */
const tries = 30
const returnMs = 2000
/** Addresses remembered; beyond that the one that was silent longest is forgotten. */
const maxAddresses = 10_000

interface Bucket {
  left: number
  atMs: number
}

/** A token bucket an address: guessing and misconfigured loops are slowed to one answer in two seconds. */
export function createWrongKeys(clock: Clock): WrongKeys {
  const buckets = new Map<string, Bucket>()
  return {
    noted(address) {
      const source = sourceOf(address)
      const nowMs = clock.monotonicMs()
      const bucket = buckets.get(source) ?? { left: tries, atMs: nowMs }
      bucket.left = Math.min(tries, bucket.left + (nowMs - bucket.atMs) / returnMs)
      bucket.atMs = nowMs
      // Set anew, so that the map's order is that of the last try.
      buckets.delete(source)
      buckets.set(source, bucket)
      if (buckets.size > maxAddresses) buckets.delete(buckets.keys().next().value!)
      if (bucket.left < 1) return Math.ceil((1 - bucket.left) * returnMs)
      bucket.left--
      return undefined
    },
    get size() {
      return buckets.size
    },
  }
}
