import type { Clock } from '@headgate/scheduler'
import TinyQueue from 'tinyqueue'

/** Simulated time: what happens, when, in what order. The scheduler's clock is this one. */
export interface EventLoop {
  readonly clock: Clock
  /** Milliseconds since the start; the first instant is 0. */
  readonly nowMs: number
  /** Runs `happen` at an instant, never earlier than now; equal instants run in the order of their making. */
  at(ms: number, happen: () => void): void
  /** Runs everything up to and including an instant; `settle` runs after each event, before time moves on. */
  run(untilMs: number, settle: () => void | Promise<void>): Promise<void>
  /** Events and timers ahead, among them those that were cancelled. */
  readonly pending: number
}

interface Event {
  readonly atMs: number
  readonly serial: number
  happen: (() => void) | undefined
}

/** Where simulated wall clocks start: 2026-01-01T00:00:00Z. */
export const WALL_START_MS = 1_767_225_600_000

/** Events at one instant; more are a timer that sets itself anew for now. */
const MOST_AT_ONCE = 1_000_000

/**
 * A discrete-event loop over a binary heap. Nothing in it depends on real time, so a run is a function of its
 * events alone; a cancelled timer stays in the heap, empty, until its instant passes.
 */
export function createEventLoop(): EventLoop {
  const events = new TinyQueue<Event>([], (a, b) => a.atMs - b.atMs || a.serial - b.serial)
  let nowMs = 0
  let serial = 0

  function push(atMs: number, happen: () => void): Event {
    const event: Event = { atMs: Math.max(nowMs, atMs), serial: serial++, happen }
    events.push(event)
    return event
  }

  const clock: Clock = {
    monotonicMs: () => nowMs,
    wallMs: () => WALL_START_MS + nowMs,
    schedule(delayMs, callback) {
      const event = push(nowMs + Math.max(0, delayMs), callback)
      return () => {
        event.happen = undefined
      }
    },
  }

  return {
    clock,
    get nowMs() {
      return nowMs
    },
    get pending() {
      return events.length
    },
    at: push,
    async run(untilMs, settle) {
      let still = 0
      for (let event = events.peek(); event !== undefined && event.atMs <= untilMs; event = events.peek()) {
        events.pop()
        if (event.happen === undefined) continue
        still = event.atMs > nowMs ? 0 : still + 1
        if (still > MOST_AT_ONCE)
          throw new Error(`Time stands still at ${nowMs} ms: something is due again and again.`)
        nowMs = event.atMs
        event.happen()
        const settling = settle()
        if (settling !== undefined) await settling
      }
    },
  }
}
