import type { Slot, SlotBatch, SlotStore } from '../../src/index.ts'

/** How an account's acquisitions fail: marked in the batch, or the whole call thrown (or rejected). */
export type Fault = 'marks' | 'throws'

/** A slot store that counts for itself and keeps book of everything that must not happen. */
export interface JudgeSlots extends SlotStore {
  inUse(account: string): number
  /** Slots given out and not released, of all accounts. */
  readonly held: number
  /** Slots given out, ever. */
  readonly granted: number
  /** Releases of a slot that was given back already, grants above the true limit, batches that make no sense. */
  readonly violations: readonly string[]
  /** Accounts asked for, in order. */
  readonly asked: string[]
  /** Makes acquisitions at an account fail, or work again. */
  fail(account: string, fault: Fault | undefined): void
  /** Makes so many releases fail. */
  failReleases(count: number): void
  /** Gives a slot to nobody in particular, as another node would; the answer gives it back. No listener is told. */
  occupy(account: string): () => void
  /** Tells every listener that the oldest slot of an account ran out; it is no longer held. */
  lose(account: string): void
}

export interface JudgeOptions {
  /** The limit an account truly has; 0 is unlimited. */
  limitOf(account: string): number
  /** When given, every answer is a promise, and this is its way to the store and back. */
  later?: ((what: string) => Promise<unknown>) | undefined
  batchSize?: number | undefined
  renewEveryMs?: number | undefined
}

export function createJudgeSlots({ limitOf, later, batchSize, renewEveryMs }: JudgeOptions): JudgeSlots {
  const counts = new Map<string, number>()
  const live = new Set<Slot>()
  const violations: string[] = []
  const asked: string[] = []
  const faults = new Map<string, Fault>()
  /** Run out: giving them back does no harm. */
  const lost = new Set<Slot>()
  const listeners = new Set<Parameters<SlotStore['subscribe']>[0]>()
  let failingReleases = 0
  let granted = 0
  const inUse = (account: string) => counts.get(account) ?? 0
  const add = (account: string, by: number) => counts.set(account, inUse(account) + by)

  /** A limit that was lowered while the question was under way is the old one for that question. */
  function grant(account: string, limitWhenAsked: number): Slot {
    const slot = { account }
    add(account, 1)
    live.add(slot)
    granted++
    const limits = [limitOf(account), limitWhenAsked]
    const limit = limits.includes(0) ? 0 : Math.max(...limits)
    if (limit > 0 && inUse(account) > limit) violations.push(`${account} is over its limit of ${limit}`)
    return slot
  }

  /** Answers the results and the slot without touching the batch: that is for when the answer arrives. */
  function decide(accounts: readonly string[], limits: readonly number[], truly: readonly number[]) {
    const results: SlotBatch['results'][number][] = accounts.map(() => 'untried' as const)
    if (new Set(accounts).size !== accounts.length) violations.push(`asked twice in one batch: ${accounts}`)
    if (accounts.length === 0) violations.push('asked for nothing')
    for (const [i, account] of accounts.entries()) {
      asked.push(account)
      const fault = faults.get(account)
      if (fault === 'throws') throw new Error(`no answer about ${account}`)
      if (fault === 'marks') {
        results[i] = { error: new Error(`no slot of ${account}`) }
        return { results, slot: null, position: -1 }
      }
      const limit = limits[i]!
      if (limit > 0 && inUse(account) >= limit) {
        results[i] = 'full'
        continue
      }
      results[i] = 'granted'
      return { results, slot: grant(account, truly[i]!), position: i }
    }
    return { results, slot: null, position: -1 }
  }

  function write(batch: SlotBatch, answer: ReturnType<typeof decide>): Slot | null {
    for (const [i, result] of answer.results.entries()) batch.results[i] = result
    batch.position = answer.position
    return answer.slot
  }

  function giveBack(slot: Slot): void {
    if (failingReleases > 0) {
      failingReleases--
      throw new Error('the release got lost')
    }
    if (lost.delete(slot)) return
    if (live.delete(slot)) add(slot.account, -1)
    else violations.push(`a slot of ${slot.account} was released twice`)
  }

  return {
    ...(batchSize === undefined ? {} : { batchSize }),
    ...(renewEveryMs === undefined ? {} : { renewEveryMs }),
    inUse,
    get held() {
      return live.size
    },
    get granted() {
      return granted
    },
    violations,
    asked,
    acquireFirst(batch) {
      const accounts = batch.accounts.slice(0, batch.count)
      const limits = batch.limits.slice(0, batch.count)
      const truly = accounts.map(limitOf)
      if (later === undefined) return write(batch, decide(accounts, limits, truly))
      return (async () => {
        await later(`ask ${accounts}`)
        const answer = decide(accounts, limits, truly)
        await later(`answer ${accounts}`)
        return write(batch, answer)
      })()
    },
    release(slot) {
      if (later === undefined) return giveBack(slot)
      return (async () => {
        await later(`release ${slot.account}`)
        giveBack(slot)
      })()
    },
    renew() {},
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    fail(account, fault) {
      if (fault === undefined) faults.delete(account)
      else faults.set(account, fault)
    },
    failReleases(count) {
      failingReleases = count
    },
    occupy(account) {
      add(account, 1)
      return () => add(account, -1)
    },
    lose(account) {
      const slot = [...live].find(other => other.account === account)
      if (slot === undefined) return
      live.delete(slot)
      lost.add(slot)
      add(account, -1)
      for (const listener of listeners) listener.lost(slot)
    },
  }
}
