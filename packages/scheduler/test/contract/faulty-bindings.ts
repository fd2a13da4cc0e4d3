import { createMemoryBindings, type MemoryBindingStore } from '../../src/memory/index.ts'
import type { BindingStore, Clock } from '../../src/ports.ts'

type Change = (right: MemoryBindingStore) => Partial<BindingStore>

const hourMs = 3_600_000

/** Every call with another key. */
function withKeys(change: (key: string) => string): Change {
  return right => ({
    get: key => right.get(change(key)),
    put: (key, target, ttlMs) => right.put(change(key), target, ttlMs),
    unbind: (key, expected) => right.unbind(change(key), expected),
  })
}

/** Every write with another time to live. */
function withLife(change: (ttlMs: number) => number): Change {
  return right => ({
    put: (key, target, ttlMs) => right.put(key, target, change(ttlMs)),
    bindIfAbsent: (key, target, ttlMs) => right.bindIfAbsent(key, target, change(ttlMs)),
    rebind: (key, expected, next, ttlMs) => right.rebind(key, expected, next, change(ttlMs)),
    refresh: (key, ttlMs) => right.refresh(key, change(ttlMs)),
  })
}

/** What may be wrong with a binding store: a fault's name and the methods that have it. */
export const bindingFaults: Readonly<Record<string, Change>> = {
  'answers an empty text for what it does not know': right => ({ get: key => right.get(key) ?? '' }),
  'lets put keep what is there': right => ({
    put: (key, target, ttlMs) => void right.bindIfAbsent(key, target, ttlMs),
  }),
  'lets the last bind win': right => ({
    bindIfAbsent(key, target, ttlMs) {
      right.put(key, target, ttlMs)
      return target
    },
  }),
  'answers every binder that it won': right => ({
    bindIfAbsent(key, target, ttlMs) {
      right.bindIfAbsent(key, target, ttlMs)
      return target
    },
  }),
  'looks first and binds later': right => ({
    async bindIfAbsent(key, target, ttlMs) {
      const present = right.get(key)
      await Promise.resolve()
      if (present !== undefined) return present
      right.put(key, target, ttlMs)
      return target
    },
  }),
  'rebinds whatever is bound': right => ({
    rebind(key, _expected, next, ttlMs) {
      if (right.get(key) === undefined) return false
      right.put(key, next, ttlMs)
      return true
    },
  }),
  'rebinds what is not bound': right => ({
    rebind(key, expected, next, ttlMs) {
      if ((right.get(key) ?? expected) !== expected) return false
      right.put(key, next, ttlMs)
      return true
    },
  }),
  'answers that it rebound what it did not': right => ({
    rebind(key, expected, next, ttlMs) {
      right.rebind(key, expected, next, ttlMs)
      return true
    },
  }),
  'looks first and rebinds later': right => ({
    async rebind(key, expected, next, ttlMs) {
      const matches = right.get(key) === expected
      await Promise.resolve()
      if (matches) right.put(key, next, ttlMs)
      return matches
    },
  }),
  'unbinds whatever is bound': right => ({
    unbind(key) {
      const present = right.get(key)
      return present !== undefined && right.unbind(key, present)
    },
  }),
  'answers that it unbound what it did not': right => ({
    unbind(key, expected) {
      right.unbind(key, expected)
      return true
    },
  }),
  'unbinds nothing': right => ({ unbind: (key, expected) => right.get(key) === expected }),
  'keeps a place for what was unbound': right => ({
    bindIfAbsent(key, target, ttlMs) {
      return right.get(`unbound ${key}`) ?? right.bindIfAbsent(key, target, ttlMs)
    },
    unbind(key, expected) {
      right.put(`unbound ${key}`, expected, hourMs)
      return right.unbind(key, expected)
    },
  }),
  'looks first and unbinds later': right => ({
    async unbind(key, expected) {
      const matches = right.get(key) === expected
      await Promise.resolve()
      const present = right.get(key)
      if (matches && present !== undefined) right.unbind(key, present)
      return matches
    },
  }),
  'creates by refreshing': right => ({
    refresh(key, ttlMs) {
      right.bindIfAbsent(key, '', ttlMs)
      right.refresh(key, ttlMs)
    },
  }),
  'does not refresh': () => ({ refresh() {} }),
  'takes keys in lower case': withKeys(key => key.toLowerCase()),
  'trims keys': withKeys(key => key.trim()),
  'cuts keys at 254 characters': withKeys(key => key.slice(0, 254)),
  'takes keys in normal form': withKeys(key => key.normalize('NFC')),
  'keeps targets in ASCII': right => ({
    put: (key, target, ttlMs) => right.put(key, target.replace(/[^ -~]/g, '?'), ttlMs),
  }),
  'lets nothing end': withLife(() => Number.POSITIVE_INFINITY),
  'ends lives early': withLife(ttlMs => ttlMs / 4),
  'prolongs by reading': right => ({
    get(key) {
      right.refresh(key, 1_000)
      return right.get(key)
    },
  }),
  'prolongs by binding what is bound': right => ({
    bindIfAbsent(key, target, ttlMs) {
      right.refresh(key, ttlMs)
      return right.bindIfAbsent(key, target, ttlMs)
    },
  }),
  'keeps the longest life it was given': right => {
    const longest = new Map<string, number>()
    return {
      put(key, target, ttlMs) {
        longest.set(key, Math.max(longest.get(key) ?? 0, ttlMs))
        right.put(key, target, longest.get(key)!)
      },
    }
  },
}

/** A binding store with one fault; `undefined` makes one without. */
export function createFaultyBindings(fault: string | undefined, clock: Clock): BindingStore {
  const right = createMemoryBindings({ clock })
  return fault === undefined ? right : { ...right, ...bindingFaults[fault]!(right) }
}
