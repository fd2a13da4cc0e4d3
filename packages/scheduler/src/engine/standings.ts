/** Longer than other files: every word about an account (operator, source, cool-down, ejection) meets in one state. */

import { type Columns, REACHABLE, touch } from '../columns/columns.ts'
import { coolDownMs, verdict } from '../health/cool-down.ts'
import { type Ejection, type EjectionEvent, HEALTHY, slowStartShare, step } from '../health/ejection.ts'
import type { AccountState, OperatorAction, Override } from '../model/account-state.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Clock, HealthNotice, HealthStore, Slot } from '../ports.ts'
import type { Profile } from '../profile.ts'
import { resetResults } from '../stats/runtime-stats.ts'
import { quietly } from './maybe-promise.ts'
import { createOverrides } from './overrides.ts'
import {
  availableAtMs,
  clear,
  createStanding,
  dueMs,
  endedAtMs,
  isOut,
  judge,
  needsProbe,
  readEntries,
  readModelLimits,
  reasonOf,
  type Standing,
  type Suspicion,
  usableNow,
} from './standing.ts'

/** Who may be given work now: an operator's word, cool-downs and ejection, brought into one column. */
export interface Standings {
  /** The account of a row is new, changed or gone. */
  accountChanged(row: number): void
  /** An attempt at a row ended so; `grant` is the place of its slot among all that were granted here, 0 unknown. */
  settled(row: number, outcome: Outcome, slot: Slot, grant?: number): void
  /** An attempt at a row has put out something. A probe is judged by this: its end may be minutes away. */
  began(row: number, slot: Slot, grant?: number): void
  /** An operator's word; see `Scheduler.operate`. */
  operate(row: number, action: OperatorAction): void
  override(row: number): Override | undefined
  /** True when a row takes no new work by an operator's word or the source's: only what is bound to it. */
  draining(row: number): boolean
  /** An attempt at a row ended without saying anything about it. */
  neutral(row: number, slot: Slot): void
  /** A slot of a row was given out: at a half-open account this is the probe. */
  granted(row: number, slot: Slot): void
  /** Lets time do its work. Costs one comparison while nothing is due. */
  tick(nowMs: number): void
  /** When something changes by itself next; Infinity when nothing will. */
  readonly nextDueMs: number
  /** Half-open accounts whose probe is free: the next request should try one of them first. */
  readonly probes: readonly number[]
  /** True when an operator or a credential took the row out, so that waiting is no use. */
  retired(row: number): boolean
  /** When a row may be tried again, monotonic; now or earlier when it may, Infinity when it never will. */
  availableAtMs(row: number): number
  stateOf(row: number): { readonly state: AccountState['state']; readonly reason: string | undefined }
  close(): void
}

/** Everything the standings tell others. */
export interface StandingsEvents {
  /** A row may serve again: whoever waits should look. */
  opened(row: number): void
  /** Something will change by itself earlier than was known. */
  dueEarlier(): void
  /** `atMs`: when it did, monotonic; a change by time is seen only at the next look. */
  changed(
    row: number,
    from: AccountState['state'],
    to: AccountState['state'],
    reason: string | undefined,
    atMs: number,
  ): void
  /** A row passed its probe: its failures are history. */
  recovered?(row: number): void
  /** What was learned of a row is void: another credential stands behind it, or an operator says so. */
  forgotten?(row: number): void
}

/** Creates the standings of a pool. */
export function createStandings(
  columns: Columns,
  profile: Pick<Profile, 'ejection' | 'coolDowns' | 'limits'>,
  ports: { readonly clock: Clock; readonly health: HealthStore | undefined },
  roster: { rowOf(id: string): number },
  events: StandingsEvents,
): Standings {
  const { clock, health } = ports
  const rules = profile.ejection
  const standings: Standing[] = []
  const overrides = createOverrides()
  let probes: number[] = []
  let nextDueMs = Number.POSITIVE_INFINITY
  const unsubscribe = health?.subscribe(heard)

  function of(row: number): Standing {
    standings[row] ??= createStanding()
    return standings[row]
  }

  /** Brings what is known of a row into its column, and tells of a change; `cause` where its new state has no reason. */
  function apply(row: number, nowMs: number, cause?: string, atMs = nowMs): void {
    const standing = of(row)
    const account = columns.accounts[row]
    const before = columns.usable[row]!
    const stateBefore = standing.state
    const override = account === undefined ? undefined : overrides.of(account.id)
    judge(standing, account, override, { nowMs, wallMs: clock.wallMs() })
    columns.usable[row] = usableNow(standing, nowMs)
    columns.share[row] = rules === undefined ? 1 : slowStartShare(standing.ejection, nowMs, rules)
    touch(columns, row)
    const due = dueMs(standing, nowMs, rules)
    if (due < nextDueMs) {
      nextDueMs = due
      events.dueEarlier()
    }
    const isProbe = standing.state === 'probing' && columns.usable[row] === REACHABLE && !standing.draining
    if (isProbe !== probes.includes(row)) {
      probes = isProbe ? [...probes, row] : probes.filter(other => other !== row)
    }
    if (account !== undefined && standing.state !== stateBefore) {
      events.changed(row, stateBefore, standing.state, reasonOf(standing) ?? cause, atMs)
    }
    if (columns.usable[row]! & ~before) events.opened(row)
  }

  function move(row: number, event: EjectionEvent, nowMs: number, grant = 0): void {
    if (rules === undefined) return
    const standing = of(row)
    const before = standing.ejection
    const mayEject = event === 'fault' && halfStaysWithout(row)
    const after = step(before, event, nowMs, rules, { mayEject, grant })
    if (after === before) return
    standing.ejection = after
    if (after.phase === 'healthy' && before.phase === 'healthy') return
    if (before.phase === 'half_open' && after.phase === 'slow_start') {
      standing.suspicion = undefined
      resetResults(columns, row)
      events.recovered?.(row)
    }
    apply(row, nowMs, 'recovered')
    tellOthers(row, before, after, nowMs)
  }

  /** Whether at least half of the accounts that could work stay in when this row leaves. */
  function halfStaysWithout(row: number): boolean {
    let staying = 0
    let out = 0
    for (let other = 0; other < columns.size; other++) {
      if (columns.accounts[other] === undefined || of(other).retired) continue
      staying++
      // One that waits for a person to mend it has left for a reason of its own, which no rule may prevent.
      if (other === row || (isOut(of(other).ejection) && of(other).suspicion === undefined)) out++
    }
    return out * 2 <= staying
  }

  /** An attempt that is not the probe says nothing about a half-open account. */
  function isOldNews(row: number, slot: Slot): boolean {
    const { ejection, probe } = of(row)
    return ejection.phase === 'half_open' && probe !== slot
  }

  function tellOthers(row: number, before: Ejection, after: Ejection, nowMs: number): void {
    const account = columns.ids[row]!
    if (after.phase === 'ejected') {
      publish({
        kind: 'ejected',
        account,
        untilMs: clock.wallMs() + after.untilMs - nowMs,
        times: after.times,
      })
    } else if (before.phase === 'half_open' && after.phase === 'slow_start') {
      publish({ kind: 'recovered', account })
    }
  }

  function publish(notice: HealthNotice): void {
    // Others learn by themselves soon enough; a lost notice must not break a request.
    void quietly(() => health?.publish(notice))
  }

  /** Out until an instant, and back only by a probe: a broken key must not return by itself to everyone at once. */
  function suspect(row: number, suspicion: Suspicion): void {
    const standing = of(row)
    const { ejection } = standing
    const untilMs = Math.max(suspicion.untilMs, standing.suspicion?.untilMs ?? 0)
    standing.suspicion = { untilMs, grant: Math.max(suspicion.grant, standing.suspicion?.grant ?? 0) }
    const times = ejection.phase === 'healthy' ? 0 : ejection.times
    standing.ejection = { phase: 'ejected', untilMs, times }
  }

  /** Ends a suspicion without a probe. */
  function acquit(row: number): boolean {
    const standing = of(row)
    if (standing.suspicion === undefined) return false
    if (standing.coolUntilMs <= standing.suspicion.untilMs) standing.coolUntilMs = 0
    standing.suspicion = undefined
    standing.ejection = HEALTHY
    publish({ kind: 'recovered', account: columns.ids[row]! })
    return true
  }

  /**
   * A success ends what it disproves. It shows that the account answers (faults in a row end; a probe is passed), and,
   * if its slot was granted after that of every request that failed so, that credential and quota held after they
   * were said to fail. It shows nothing about a rate limit or an overload: those are facts of a moment, a model and a
   * size, a stream that was let in before runs on through both, and their default rest is 5 s.
   */
  function served(row: number, grant: number, nowMs: number): boolean {
    const standing = of(row)
    if (grant > standing.okGrant) standing.okGrant = grant
    if (standing.suspicion === undefined || grant <= standing.suspicion.grant) return false
    acquit(row)
    apply(row, nowMs, 'disproved')
    return true
  }

  function forget(row: number): void {
    clear(of(row))
    resetResults(columns, row)
  }

  function coolDown(row: number, untilMs: number, reason: string, nowMs: number): void {
    const standing = of(row)
    if (untilMs <= standing.coolUntilMs) return
    standing.coolUntilMs = untilMs
    standing.coolReason = reason
    apply(row, nowMs)
  }

  /** One model's rest leaves the account in; where limits are not minded it is the account's. */
  function isOfModel(notice: HealthNotice): boolean {
    return notice.kind === 'cool_down' && notice.model !== undefined && profile.limits === 'respect'
  }

  function heard(notice: HealthNotice): void {
    if (notice.kind === 'limits' || isOfModel(notice)) return
    const row = roster.rowOf(notice.account)
    if (row < 0) return
    const nowMs = clock.monotonicMs()
    if (notice.kind === 'cool_down') {
      const untilMs = nowMs + notice.untilMs - clock.wallMs()
      if (notice.probe === true && rules !== undefined && untilMs > nowMs)
        suspect(row, { untilMs, grant: Number.POSITIVE_INFINITY })
      coolDown(row, untilMs, notice.reason, nowMs)
      return
    }
    if (rules === undefined) return
    const standing = of(row)
    const before = standing.ejection
    if (notice.kind === 'ejected') {
      if (!isOut(before) && !halfStaysWithout(row)) return
      standing.ejection = {
        phase: 'ejected',
        untilMs: nowMs + notice.untilMs - clock.wallMs(),
        times: notice.times,
      }
    } else if (isOut(before)) {
      if (standing.suspicion !== undefined && standing.coolUntilMs <= standing.suspicion.untilMs)
        standing.coolUntilMs = 0
      standing.suspicion = undefined
      standing.ejection = { phase: 'slow_start', sinceMs: nowMs, times: 0 }
      resetResults(columns, row)
      events.recovered?.(row)
    }
    apply(row, nowMs, notice.kind)
  }

  return {
    get nextDueMs() {
      return nextDueMs
    },
    get probes() {
      return probes
    },
    accountChanged(row) {
      const nowMs = clock.monotonicMs()
      const account = columns.accounts[row]
      const standing = of(row)
      const isRevised = account === undefined || account.revision !== standing.revision
      if (isRevised) {
        // Another credential under the same id, or none: what was learned of the old one is void.
        if (account !== undefined && standing.revision !== undefined) events.forgotten?.(row)
        standing.revision = account?.revision
        forget(row)
      }
      if (account !== undefined) readEntries(standing, account, { nowMs, wallMs: clock.wallMs() })
      apply(row, nowMs, isRevised ? 'new_revision' : 'configuration')
    },
    settled(row, outcome, slot, grant = 0) {
      const standing = of(row)
      if (outcome.kind === 'ok' && standing.ejection === HEALTHY) {
        if (grant > standing.okGrant) standing.okGrant = grant
        return
      }
      const nowMs = clock.monotonicMs()
      const isProbe = standing.ejection.phase === 'half_open' && standing.probe === slot
      if (outcome.kind === 'ok' && !isProbe && served(row, grant, nowMs)) return
      const rest = coolDownMs(outcome, clock.wallMs(), profile.coolDowns)
      const probe = rules !== undefined && needsProbe(outcome)
      // Said of an earlier moment than the last success: the next request will show it if it is so.
      if (probe && grant > 0 && grant < standing.okGrant) {
        if (isProbe) move(row, 'neutral', nowMs)
        return
      }
      if (rest > 0) {
        if (probe) suspect(row, { untilMs: nowMs + rest, grant })
        coolDown(row, nowMs + rest, outcome.kind, nowMs)
        publish({
          kind: 'cool_down',
          account: columns.ids[row]!,
          reason: outcome.kind,
          untilMs: clock.wallMs() + rest,
          ...(probe ? { probe } : {}),
        })
      }
      if (!isOldNews(row, slot)) move(row, verdict(outcome.kind), nowMs, grant)
    },
    began(row, slot, grant = 0) {
      const { ejection, probe } = of(row)
      if (ejection === HEALTHY) {
        of(row).okGrant = Math.max(of(row).okGrant, grant)
        return
      }
      if (probe !== slot && served(row, grant, clock.monotonicMs())) return
      if (ejection.phase === 'half_open' && probe === slot) move(row, 'ok', clock.monotonicMs())
    },
    neutral(row, slot) {
      const { ejection, probe } = of(row)
      if (ejection.phase === 'half_open' && probe === slot) move(row, 'neutral', clock.monotonicMs())
    },
    granted(row, slot) {
      const { ejection } = of(row)
      if (ejection === HEALTHY) return
      if (ejection.phase === 'half_open') {
        if (ejection.probing) return
        of(row).probe = slot
      }
      move(row, 'asked', clock.monotonicMs())
    },
    tick(nowMs) {
      if (nowMs < nextDueMs) return
      nextDueMs = Number.POSITIVE_INFINITY
      for (let row = 0; row < columns.size; row++) {
        const standing = standings[row]
        if (standing === undefined || columns.accounts[row] === undefined) continue
        const endedMs = endedAtMs(standing, standing.ejection, nowMs, rules)
        if (rules !== undefined && standing.ejection !== HEALTHY) {
          standing.ejection = step(standing.ejection, 'tick', nowMs, rules, { mayEject: false, grant: 0 })
        }
        const modelFreed = standing.modelDueMs <= nowMs
        if (modelFreed) readModelLimits(standing, columns.accounts[row]!, { nowMs, wallMs: clock.wallMs() })
        if (
          standing.state !== 'active' ||
          Math.min(standing.expiresMs, standing.modelDueMs) < Number.POSITIVE_INFINITY
        )
          apply(row, nowMs, 'time', endedMs)
        if (modelFreed) events.opened(row)
      }
    },
    operate(row, action) {
      const id = columns.ids[row]!
      if (action === 'drain' || action === 'disable') overrides.set(id, action)
      if (action === 'enable') {
        overrides.set(id, undefined)
        acquit(row)
      }
      if (action === 'reset') {
        if (!acquit(row) && isOut(of(row).ejection)) publish({ kind: 'recovered', account: id })
        forget(row)
        events.forgotten?.(row)
      }
      apply(row, clock.monotonicMs(), action === 'reset' ? 'reset' : 'operator')
    },
    override: row => overrides.of(columns.ids[row]!),
    draining: row => of(row).draining,
    retired: row => of(row).retired,
    availableAtMs: row => availableAtMs(of(row)),
    stateOf: row => ({ state: of(row).state, reason: reasonOf(of(row)) }),
    close() {
      unsubscribe?.()
    },
  }
}
