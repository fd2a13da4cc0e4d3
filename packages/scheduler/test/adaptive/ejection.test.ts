import { expect, it } from 'vitest'
import { type Ejection, HEALTHY, step } from '../../src/health/ejection.ts'
import { adaptiveProfile } from '../../src/index.ts'

it('an account that stays sick is probed every half a minute in the end: after 5, 10, 20, 30, 30 s', () => {
  const rules = adaptiveProfile().ejection!
  const context = { mayEject: true, grant: 0 }
  let state: Ejection = HEALTHY
  let nowMs = 0
  const restsMs: number[] = []
  while (restsMs.length < 5) {
    state = step(state, 'asked', nowMs, rules, context)
    state = step(state, 'fault', nowMs, rules, context)
    if (state.phase !== 'ejected') continue
    restsMs.push(state.untilMs - nowMs)
    nowMs = state.untilMs
    state = step(state, 'tick', nowMs, rules, context)
  }
  expect(restsMs).toEqual([5_000, 10_000, 20_000, 30_000, 30_000])
})
