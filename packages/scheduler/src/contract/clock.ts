import type { Clock, MaybePromise } from '../ports.ts'
import { assertEqual, assertThat } from './assert.ts'
import { type ContractCase, type ContractOptions, contractCase } from './contract-case.ts'

/** Options of {@link clockContract}: time has to pass, by itself or by hand. */
export interface ClockContractOptions extends ContractOptions<Clock> {
  advance(ms: number): MaybePromise<void>
}

/** How far a timer of a real clock may run ahead of it: engines count timers in whole milliseconds. */
const earlyMs = 2

/** What every {@link Clock} promises. With a real clock the suite takes about half a second. */
export function clockContract(options: ClockContractOptions): ContractCase[] {
  return [...readingCases(options), ...timerCases(options)]
}

function readingCases(options: ClockContractOptions): ContractCase[] {
  const { advance } = options
  return [
    contractCase(options, 'never steps back, and moves on as time passes', async ({ store }) => {
      let beforeMs = store.monotonicMs()
      for (let step = 0; step < 5; step++) {
        await advance(10)
        const nowMs = store.monotonicMs()
        assertThat(
          nowMs - beforeMs >= 10 - earlyMs,
          'the monotonic clock moves on with time',
          nowMs - beforeMs,
        )
        beforeMs = nowMs
      }
    }),
    contractCase(options, 'dates instants in milliseconds since 1970', async ({ store }) => {
      const beforeMs = store.wallMs()
      assertThat(
        beforeMs > 1_577_836_800_000 && beforeMs < 32_503_680_000_000,
        'the wall clock is past 2020',
        beforeMs,
      )
      await advance(10)
      assertThat(store.wallMs() > beforeMs, 'the wall clock moves on with time', store.wallMs() - beforeMs)
    }),
  ]
}

function timerCases(options: ClockContractOptions): ContractCase[] {
  const { advance } = options
  return [
    contractCase(options, 'calls back once, not before the delay is over', async ({ store }) => {
      const startMs = store.monotonicMs()
      const calledAfterMs: number[] = []
      store.schedule(30, () => calledAfterMs.push(store.monotonicMs() - startMs))
      assertEqual(calledAfterMs, [], 'calls before any time has passed')
      await advance(100)
      await advance(100)
      assertEqual(calledAfterMs.length, 1, 'calls')
      assertThat(calledAfterMs[0]! >= 30 - earlyMs, 'the call comes after 30 ms', calledAfterMs[0])
    }),
    contractCase(options, 'calls back in the order of the delays', async ({ store }) => {
      const called: number[] = []
      for (const delayMs of [60, 20, 40]) store.schedule(delayMs, () => called.push(delayMs))
      await advance(120)
      assertEqual(called, [20, 40, 60], 'delays in the order of the calls')
    }),
    contractCase(
      options,
      'never calls back from within schedule, even without a delay',
      async ({ store }) => {
        const called: string[] = []
        for (const delayMs of [0, -5]) store.schedule(delayMs, () => called.push('timer'))
        called.push('scheduled')
        await advance(20)
        assertEqual(called, ['scheduled', 'timer', 'timer'], 'order of events')
      },
    ),
    contractCase(options, 'does not call back what was cancelled, and calls the rest', async ({ store }) => {
      const called: string[] = []
      const cancel = store.schedule(20, () => called.push('cancelled'))
      store.schedule(20, () => called.push('kept'))
      cancel()
      cancel()
      await advance(60)
      assertEqual(called, ['kept'], 'calls')
    }),
    contractCase(options, 'takes the cancelling of a timer that has run for nothing', async ({ store }) => {
      const called: string[] = []
      const cancel = store.schedule(10, () => called.push('first'))
      await advance(40)
      store.schedule(10, () => called.push('second'))
      cancel()
      await advance(40)
      assertEqual(called, ['first', 'second'], 'calls')
    }),
    contractCase(options, 'runs timers that timers make', async ({ store }) => {
      const called: string[] = []
      store.schedule(10, () => {
        called.push('outer')
        store.schedule(10, () => called.push('inner'))
      })
      await advance(60)
      await advance(60)
      assertEqual(called, ['outer', 'inner'], 'calls')
    }),
  ]
}
