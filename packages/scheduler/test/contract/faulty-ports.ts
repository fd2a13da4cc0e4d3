import {
  createManualClock,
  createMemoryAccounts,
  createMemoryHealth,
  type ManualClock,
} from '../../src/memory/index.ts'
import type { Account } from '../../src/model/account.ts'
import type { AccountSource, HealthNotice, HealthStore, Slot, Turns } from '../../src/ports.ts'

/** An account source that the suite can feed. */
export interface FedAccountSource extends AccountSource {
  replace(accounts: readonly Account[]): void
}

/** Account sources, each with a fault. */
export const faultyAccounts: Readonly<Record<string, () => FedAccountSource>> = {
  'never changes its list': () => ({ ...createMemoryAccounts([]), replace() {} }),
  'keeps ids only': () => {
    const right = createMemoryAccounts([])
    return { ...right, list: () => right.list().map(({ id }) => ({ id, order: 0 })) }
  },
  'changes the list it handed out': () => {
    const list: Account[] = []
    const right = createMemoryAccounts([])
    return {
      list: () => list,
      subscribe: right.subscribe,
      replace(accounts) {
        list.splice(0, list.length, ...accounts)
        right.replace(accounts)
      },
    }
  },
  'tells before it changes': () => {
    let shown: readonly Account[] = []
    const right = createMemoryAccounts([])
    return {
      list: () => shown,
      subscribe: right.subscribe,
      replace(accounts) {
        right.replace(accounts)
        shown = accounts
      },
    }
  },
  'tells what is new only': () => {
    const right = createMemoryAccounts([])
    let before: readonly Account[] = []
    return {
      ...right,
      subscribe: listener =>
        right.subscribe(now => {
          const known = new Set(before.map(({ id }) => id))
          listener(now.filter(({ id }) => !known.has(id)))
        }),
      replace(accounts) {
        right.replace(accounts)
        before = accounts
      },
    }
  },
  'goes on telling those who left': () => {
    const right = createMemoryAccounts([])
    return {
      ...right,
      subscribe(listener) {
        right.subscribe(listener)
        return () => {}
      },
    }
  },
}

/** Two ends of a health store, each pair with a fault. */
export const faultyHealth: Readonly<Record<string, () => [HealthStore, HealthStore]>> = {
  'delivers to nobody': () => [createMemoryHealth(), createMemoryHealth()],
  'delivers one way only': () => {
    const end = createMemoryHealth()
    return [end, { ...end.peer(), publish() {} }]
  },
  'delivers to the publisher as well': () => {
    const [near, far] = [createMemoryHealth(), createMemoryHealth()]
    const both = (notice: HealthNotice) => {
      for (const end of [near, far]) end.peer().publish(notice)
    }
    return [
      { ...near, publish: both },
      { ...far, publish: both },
    ]
  },
  'delivers the newest first': () => {
    const end = createMemoryHealth()
    const held: HealthNotice[] = []
    const publish = (notice: HealthNotice) => {
      held.unshift(notice)
      if (held.length === 3 || notice.kind === 'cool_down') for (const each of held) end.publish(each)
    }
    return [{ ...end, publish }, end.peer()]
  },
  'drops what it does not know': () => {
    const end = createMemoryHealth()
    return [
      { ...end, publish: notice => (notice.kind === 'ejected' ? undefined : end.publish(notice)) },
      end.peer(),
    ]
  },
  'goes on telling those who left': () => {
    const end = createMemoryHealth()
    const peer = end.peer()
    const subscribe: HealthStore['subscribe'] = listener => {
      peer.subscribe(listener)
      return () => {}
    }
    return [end, { ...peer, subscribe }]
  },
}

const someSlot: Slot = { account: 'a' }

/** Turns, each with a fault. */
export const faultyTurns: Readonly<Record<string, () => Turns>> = {
  'refuses a wait of 0': () => ({
    announce(_pool, oldestWaitMs) {
      if (oldestWaitMs === 0) throw new Error('nobody waits')
    },
    subscribe: () => () => {},
  }),
  'reserves a slot for whoever announces': () => {
    let listener: (slot: Slot) => void = () => {}
    return {
      announce: () => listener(someSlot),
      subscribe(given) {
        listener = given
        return () => {}
      },
    }
  },
  'fails when a subscription is ended twice': () => ({
    announce() {},
    subscribe() {
      let ended = false
      return () => {
        if (ended) throw new Error('ended already')
        ended = true
      }
    },
  }),
}

/** Clocks, each with a fault. */
export const faultyClocks: Readonly<Record<string, () => ManualClock>> = {
  'steps back': () => {
    const right = createManualClock({ monotonicMs: 1_000 })
    return { ...right, monotonicMs: () => -right.monotonicMs() }
  },
  'dates in seconds': () => {
    const right = createManualClock()
    return { ...right, wallMs: () => right.wallMs() / 1_000 }
  },
  'stands still on the wall': () => ({ ...createManualClock(), wallMs: () => 1_767_225_600_000 }),
  'calls back early': () => {
    const right = createManualClock()
    return { ...right, schedule: (delayMs, callback) => right.schedule(delayMs / 3, callback) }
  },
  'calls back twice': () => {
    const right = createManualClock()
    return {
      ...right,
      schedule(delayMs, callback) {
        right.schedule(delayMs, callback)
        return right.schedule(delayMs, callback)
      },
    }
  },
  'calls back in the order of scheduling': () => {
    const right = createManualClock()
    return { ...right, schedule: (_delayMs, callback) => right.schedule(30, callback) }
  },
  'calls back at once without a delay': () => {
    const right = createManualClock()
    return {
      ...right,
      schedule(delayMs, callback) {
        if (delayMs > 0) return right.schedule(delayMs, callback)
        callback()
        return () => {}
      },
    }
  },
  'cannot cancel': () => {
    const right = createManualClock()
    return {
      ...right,
      schedule(delayMs, callback) {
        right.schedule(delayMs, callback)
        return () => {}
      },
    }
  },
  'cancels whatever was scheduled last': () => {
    const right = createManualClock()
    let cancelLast = () => {}
    return {
      ...right,
      schedule(delayMs, callback) {
        cancelLast = right.schedule(delayMs, callback)
        return () => cancelLast()
      },
    }
  },
  'forgets timers that timers make': () => {
    const right = createManualClock()
    let running = false
    return {
      ...right,
      schedule(delayMs, callback) {
        if (running) return () => {}
        return right.schedule(delayMs, () => {
          running = true
          callback()
          running = false
        })
      },
    }
  },
}
