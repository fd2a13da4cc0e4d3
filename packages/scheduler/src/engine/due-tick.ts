import type { Core } from './core.ts'

/** The one timer of a pool: while requests wait, time itself may free an account. */
export interface DueTick {
  /** Sees to it that what is due next is noticed then; does nothing while nobody waits. */
  arm(): void
  close(): void
}

/** Creates the timer, for what ends by itself: a cool-down, an ejection, the window of a rate limit. */
export function createDueTick(core: Core): DueTick {
  const { clock, standings, headroom, refusals } = core
  let cancel: (() => void) | undefined
  let atMs = Number.POSITIVE_INFINITY

  function arm(): void {
    if (core.queueDepth === 0) return
    const dueMs = Math.min(
      standings.nextDueMs,
      refusals.nextDueMs,
      headroom.known ? headroom.nextDueMs : Number.POSITIVE_INFINITY,
    )
    if (dueMs >= atMs) return
    cancel?.()
    atMs = dueMs
    cancel = clock.schedule(Math.max(0, dueMs - clock.monotonicMs()), passed)
  }

  function passed(): void {
    atMs = Number.POSITIVE_INFINITY
    standings.tick(clock.monotonicMs())
    headroom.tick(clock.monotonicMs())
    refusals.tick(clock.monotonicMs())
    arm()
  }

  return { arm, close: () => cancel?.() }
}
