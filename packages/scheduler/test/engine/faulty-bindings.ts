import type { BindingStore } from '../../src/index.ts'

export type BindingMethod = keyof BindingStore

/** A binding store whose methods fail as told, by a throw or by a rejection; the others work. */
export function createFaultyBindings(
  inner: BindingStore,
  failing: ReadonlySet<BindingMethod>,
  how: 'throws' | 'rejects',
): BindingStore {
  function guard<Args extends unknown[], Answer>(method: BindingMethod, call: (...args: Args) => Answer) {
    return (...args: Args): Answer | Promise<never> => {
      if (!failing.has(method)) return call(...args)
      const error = new Error(`${method} failed`)
      if (how === 'rejects') return Promise.reject(error)
      throw error
    }
  }
  return {
    get: guard('get', inner.get),
    put: guard('put', inner.put),
    bindIfAbsent: guard('bindIfAbsent', inner.bindIfAbsent),
    rebind: guard('rebind', inner.rebind),
    refresh: guard('refresh', inner.refresh),
    unbind: guard('unbind', inner.unbind),
  }
}
