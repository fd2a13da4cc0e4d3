import type { BindingScope } from '../affinity/binding-key.ts'
import type { ScheduleRequest } from '../model/request.ts'
import type { MaybePromise } from '../ports.ts'
import type { Core } from './core.ts'
import { guarded, isPromise, quietly } from './maybe-promise.ts'
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

/** Whether the request's session leads to an account; false when the store does not answer. */
export function knowsSession(
  { profile, bindings }: Core,
  scope: BindingScope,
  request: Pick<ScheduleRequest, 'tenant' | 'group' | 'session'>,
): MaybePromise<boolean> {
  const rule = profile.affinity.find(({ layer }) => layer === 'session_hash')
  const key = rule?.key({ ...request, model: '' }, scope)
  if (key === undefined) return false
  const found = guarded<string | undefined, undefined>(
    () => bindings.get(key),
    () => undefined,
  )
  return isPromise(found) ? found.then(account => account !== undefined) : found !== undefined
}
