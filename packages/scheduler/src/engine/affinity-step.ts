import type { AffinityRule, BoundFacts } from '../affinity/affinity-rule.ts'
import { hasRoom, REACHABLE } from '../columns/columns.ts'
import { isForeign } from '../filters/platform.ts'
import { carriesTransport } from '../filters/transport.ts'
import { mustClear } from '../model/held.ts'
import { servesModel } from '../model/model-rules.ts'
import type { Core } from './core.ts'
import { isLimited } from './eligibility.ts'
import { isMember } from './eligible-set.ts'
import { guarded, isPromise, type Pending, quietly } from './maybe-promise.ts'
import { BALANCE, DONE, type Run } from './run.ts'
import { bindSession } from './session-binding.ts'
import { takeRow } from './take-slot.ts'

const FAILED = Symbol('lookup failed')

/** One affinity rule: look up, judge, take the slot. Passes on to the next rule, or to balancing. */
export function affinityStep(core: Core, run: Run): Pending {
  const rule = core.profile.affinity[run.rule++]
  if (rule === undefined) {
    run.step = BALANCE
    return
  }
  const key = rule.key(run.request, run.scope)
  if (rule.layer === 'session_hash') run.sessionKey = key
  if (key === undefined) return
  const found = guarded<string | undefined, typeof FAILED>(
    () => core.bindings.get(key),
    () => FAILED,
  )
  if (isPromise(found)) return found.then(target => lookedUp(core, run, rule, key, target))
  return lookedUp(core, run, rule, key, found)
}

function lookedUp(
  core: Core,
  run: Run,
  rule: AffinityRule,
  key: string,
  target: string | undefined | typeof FAILED,
): Pending {
  // A lookup that failed says nothing: the binding, if there is one, stays as it is.
  if (target === FAILED) return
  const isSession = rule.layer === 'session_hash'
  if (target === undefined) {
    if (isSession) run.sessionWrite = 'bind'
    return
  }
  if (isSession) run.sessionTarget = target
  const row = core.roster.rowOf(target)
  switch (rule.judge(factsOf(core, run, row))) {
    case 'keep':
      return
    case 'price':
      if (run.set === undefined || isMember(run.set, row)) run.hintRow = row
      return
    case 'move':
      if (isSession) run.sessionWrite = 'move'
      return
    case 'unbind':
      if (isSession) run.sessionWrite = 'bind'
      return quietly(() => core.bindings.unbind(key, target)) as Pending
    case 'use':
      return use(core, run, rule, key, row)
  }
}

function use(core: Core, run: Run, rule: AffinityRule, key: string, row: number): Pending {
  // A session may point outside the domain that hard keys demand; those are stronger.
  if (run.set !== undefined && !isMember(run.set, row)) return
  // A place that is spoken for already is not snatched from whoever waited for it.
  run.boundRow = row
  if (rule.whenBusy === 'spill' && (run.gated || !hasRoom(core.columns, row))) {
    run.boundResult = 'seen_full'
    run.tried = [row]
    return
  }
  if (run.gated) return used(core, run, rule, key, row, false)
  const taken = takeRow(core, run, row, 'binding')
  if (isPromise(taken)) return taken.then(granted => used(core, run, rule, key, row, granted))
  return used(core, run, rule, key, row, taken)
}

function used(core: Core, run: Run, rule: AffinityRule, key: string, row: number, granted: boolean): Pending {
  const isOwner = rule.layer === 'previous_response_id'
  run.boundResult = granted ? 'granted' : run.error === undefined ? 'full' : 'error'
  // An acquisition that failed counts as busy here, as in the reference.
  run.error = undefined
  if (granted) {
    run.step = DONE
    run.layer = rule.layer
    run.result = 'selected'
    run.stickyPreviousHit = isOwner
    run.stickySessionHit = !isOwner
    const refreshed = quietly(() => core.bindings.refresh(key, rule.ttlMs))
    const bound = isOwner ? bindOwnersSession(core, run, row) : undefined
    return isPromise(refreshed) || isPromise(bound)
      ? Promise.all([refreshed, bound]).then(() => undefined)
      : undefined
  }
  const account = core.columns.accounts[row]
  // An account that was removed while the store was asked is nothing to wait for.
  if (rule.whenBusy === 'spill' || account === undefined) {
    run.tried = [row]
    return
  }
  const { timeoutMs, max } = core.profile.wait.sticky
  run.step = DONE
  run.layer = rule.layer
  run.result = 'wait'
  run.row = row
  run.waitRow = row
  run.plan = {
    account: core.columns.ids[row]!,
    maxConcurrency: account.concurrency ?? 0,
    maxWaiting: max,
    timeoutMs,
  }
  if (core.profile.hitsCount === 'on_selection') {
    run.stickyPreviousHit = isOwner
    run.stickySessionHit = !isOwner
  }
  return isOwner ? (bindOwnersSession(core, run, row) as Pending) : undefined
}

/** The reference binds the session to wherever its previous response lives, with a slot or without. */
function bindOwnersSession(core: Core, run: Run, row: number): Pending {
  const session = core.profile.affinity.find(({ layer }) => layer === 'session_hash')
  // A session key that is no key must not cost the slot in hand.
  return quietly(() => {
    run.sessionKey = session?.key(run.request, run.scope)
    return bindSession(core, run, row)
  }) as Pending
}

/** The record is opened after a binding was tried: its attempt is the first. */
export function noteBound(core: Core, run: Run): void {
  if (run.boundRow >= 0) core.ring.tried(run.decisionId, run.boundRow, run.boundResult, 'binding')
}

function factsOf(core: Core, run: Run, row: number): BoundFacts {
  const account = row < 0 ? undefined : core.columns.accounts[row]
  if (account === undefined) return GONE
  const { model, transport = '', excluded } = run.request
  const wallMs = core.clock.wallMs()
  return {
    excluded: excluded?.has(account.id) ?? false,
    gone: false,
    foreign: isForeign(account),
    mustClear: mustClear(account, model, wallMs) || core.standings.override(row) === 'disable',
    reachable: (core.columns.usable[row]! & REACHABLE) !== 0 && !isLimited(core, run, row),
    modelSupported: servesModel(account, model),
    transportMatches: carriesTransport(account, transport),
    supportsWebSocket: account.supportsWebSocket === true,
  }
}

const GONE: BoundFacts = {
  excluded: false,
  gone: true,
  foreign: false,
  mustClear: true,
  reachable: false,
  modelSupported: false,
  transportMatches: false,
  supportsWebSocket: false,
}
