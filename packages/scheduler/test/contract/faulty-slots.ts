import type { LoadListener, Slot, SlotBatch, SlotStore } from '../../src/ports.ts'

/** What may be wrong with a slot store, each the kind of fault a real one is likely to have. */
export const slotFaults = [
  'tries the last candidate first',
  'takes a slot of every candidate',
  'leaves the position of an earlier use',
  'reads the whole array of a reused batch',
  'reads the account from the batch when releasing',
  'knows accounts by lower case',
  'grants one beyond the limit',
  'grants one fewer than the limit',
  'asks first and takes later',
  'takes 0 for a limit of none',
  'does not count the unlimited',
  'remembers the first limit it was given',
  'loses what is released',
  'frees a slot at every release',
  'frees twice when released twice at once',
  'brings released slots back by renewing',
  'tells the origin of its own change',
  'tells changes instead of counts',
  'does not tell of releases',
  'counts a second release when telling',
  'tells a newcomer nothing',
  'goes on telling those who left',
  'forgets all listeners when one leaves',
  'passes over a failing candidate',
  'takes an error for a full account',
  'asks every candidate whether it fails before it takes one',
] as const

export type SlotFault = (typeof slotFaults)[number]

interface FaultySlot {
  readonly account: string
  readonly key: string
  readonly origin: LoadListener
  released: boolean
}

/** A slot store that can be made to fail at an account, as the suite's `failAt` needs it. */
export interface FaultySlotStore extends SlotStore {
  failAt(account: string): void
}

/** A slot store with one fault; without any it holds the contract. */
export function createFaultySlots(fault: SlotFault | undefined): FaultySlotStore {
  const inUse = new Map<string, number>()
  const firstLimits = new Map<string, number>()
  const failing = new Set<string>()
  const listeners = new Set<LoadListener>()
  const left = new Set<LoadListener>()
  const has = (other: SlotFault) => fault === other
  const keyOf = (account: string) => (has('knows accounts by lower case') ? account.toLowerCase() : account)

  function tell(origin: LoadListener, account: string, change: number): void {
    if (change < 0 && has('does not tell of releases')) return
    const told = has('goes on telling those who left') ? [...listeners, ...left] : [...listeners]
    for (const listener of told) {
      if (listener === origin && !has('tells the origin of its own change')) continue
      listener.load(
        account,
        has('tells changes instead of counts') ? change : (inUse.get(keyOf(account)) ?? 0),
        0,
      )
    }
  }

  function isFull(key: string, given: number): boolean {
    if (!firstLimits.has(key)) firstLimits.set(key, given)
    const limit = has('remembers the first limit it was given') ? firstLimits.get(key)! : given
    if (limit <= 0 && !has('takes 0 for a limit of none')) return false
    const margin = has('grants one beyond the limit') ? 1 : has('grants one fewer than the limit') ? -1 : 0
    return (inUse.get(key) ?? 0) >= limit + margin
  }

  function take(batch: SlotBatch, i: number): Slot {
    const account = batch.accounts[i]!
    const key = keyOf(account)
    if (batch.limits[i]! > 0 || !has('does not count the unlimited'))
      inUse.set(key, (inUse.get(key) ?? 0) + 1)
    batch.results[i] = 'granted'
    batch.position = i
    tell(batch.origin, account, 1)
    const late = has('reads the account from the batch when releasing')
    return {
      released: false,
      origin: batch.origin,
      get account() {
        return late ? batch.accounts[i]! : account
      },
      get key() {
        return keyOf(this.account)
      },
    } as FaultySlot
  }

  function acquireNow(batch: SlotBatch): Slot | null {
    const count = has('reads the whole array of a reused batch') ? batch.accounts.length : batch.count
    const places = Array.from({ length: count }, (_, i) => i)
    if (has('tries the last candidate first')) places.reverse()
    const eager = has('asks every candidate whether it fails before it takes one')
    let slot: Slot | null = null
    for (const i of places) {
      const account = batch.accounts[i]!
      if (failing.has(account) || (eager && places.some(place => failing.has(batch.accounts[place]!)))) {
        if (has('passes over a failing candidate')) continue
        batch.results[i] = has('takes an error for a full account') ? 'full' : { error: new Error('failed') }
        break
      }
      if (isFull(keyOf(account), batch.limits[i]!)) {
        batch.results[i] = 'full'
        continue
      }
      const taken = take(batch, i)
      slot ??= taken
      if (!has('takes a slot of every candidate')) return slot
    }
    if (slot === null && !has('leaves the position of an earlier use')) batch.position = -1
    return slot
  }

  async function acquireLater(batch: SlotBatch): Promise<Slot | null> {
    const place = batch.accounts.findIndex(
      (account, i) => i < batch.count && !isFull(account, batch.limits[i]!),
    )
    await Promise.resolve()
    return place === -1 ? acquireNow({ ...batch, count: 0 }) : take(batch, place)
  }

  function free(slot: FaultySlot): void {
    slot.released = true
    inUse.set(slot.key, Math.max(0, (inUse.get(slot.key) ?? 0) - 1))
    tell(slot.origin, slot.account, -1)
  }

  return {
    acquireFirst: batch => (has('asks first and takes later') ? acquireLater(batch) : acquireNow(batch)),
    release(given) {
      const slot = given as FaultySlot
      if (has('counts a second release when telling') && slot.released) {
        for (const listener of listeners) listener.load(slot.account, (inUse.get(slot.key) ?? 0) - 1, 0)
      }
      if (slot.released && !has('frees a slot at every release')) return
      if (has('loses what is released')) return
      if (has('frees twice when released twice at once')) return Promise.resolve().then(() => free(slot))
      free(slot)
    },
    renew(slots) {
      if (!has('brings released slots back by renewing')) return
      for (const slot of slots as FaultySlot[])
        if (slot.released) inUse.set(slot.key, (inUse.get(slot.key) ?? 0) + 1)
    },
    subscribe(listener) {
      listeners.add(listener)
      if (!has('tells a newcomer nothing')) {
        for (const [account, count] of inUse) if (count > 0) listener.load(account, count, 0)
      }
      return () => {
        left.add(listener)
        if (has('forgets all listeners when one leaves')) listeners.clear()
        else listeners.delete(listener)
      }
    },
    failAt: account => failing.add(account),
  }
}
