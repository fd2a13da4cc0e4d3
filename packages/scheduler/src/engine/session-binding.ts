import type { MaybePromise } from '../ports.ts'
import type { Core } from './core.ts'
import { guarded, isPromise } from './maybe-promise.ts'
import type { Run } from './run.ts'

/** Points the session at where its request went, as the profile and the binding found before allow. */
export function bindSession(core: Core, run: Run, row: number): MaybePromise<void> {
  const key = run.sessionKey
  if (key === undefined || run.request.hedge === true) return
  const rule = core.profile.affinity.find(({ layer }) => layer === 'session_hash')
  if (rule === undefined) return
  const account = core.columns.ids[row]!
  return quietly(() => {
    if (core.profile.sessionWrites === 'put') return core.bindings.put(key, account, rule.ttlMs)
    if (run.sessionWrite === 'bind') return core.bindings.bindIfAbsent(key, account, rule.ttlMs)
    // Compared before it is changed: a newer binding of another request of this session stays.
    if (run.sessionWrite === 'move') return core.bindings.rebind(key, run.sessionTarget!, account, rule.ttlMs)
  })
}

/** A binding that could not be kept up costs a cold cache next time; it must not cost this request. */
export function quietly(call: () => MaybePromise<unknown>): MaybePromise<void> {
  const answer = guarded<unknown, undefined>(call, () => undefined)
  return isPromise(answer) ? answer.then(() => undefined) : undefined
}
