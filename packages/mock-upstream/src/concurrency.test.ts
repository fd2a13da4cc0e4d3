import { expect, it } from 'vitest'
import { admit, admitAfterPoll, createConcurrencyCount, enter, leave } from './concurrency.ts'

/** Two turns of the event loop: closing callbacks of the first run before the second ends. */
const turn = () => new Promise(resolve => setImmediate(() => setImmediate(() => setImmediate(resolve))))
const finished = { admitted: false, unfinished: false }
const abandoned = { admitted: false, unfinished: true }

it('confirms a new maximum when the turn of the event loop is over', async () => {
  const count = createConcurrencyCount()
  for (let index = 0; index < 3; index++) enter(count)
  await turn()
  expect(count).toMatchObject({ inFlight: 3, max: 3 })
})

it('counts requests that overlapped even if one ends normally within the turn', async () => {
  const count = createConcurrencyCount()
  enter(count)
  enter(count)
  leave(count, finished)
  await turn()
  expect(count).toMatchObject({ inFlight: 1, max: 2 })
})

it('does not count one whose client turns out to have gone before the other came', async () => {
  const count = createConcurrencyCount()
  enter(count)
  enter(count)
  leave(count, abandoned)
  await turn()
  expect(count).toMatchObject({ inFlight: 1, max: 1 })
})

it('does not count one whose socket this process cut itself, although it hears of that a phase later', async () => {
  const count = createConcurrencyCount()
  enter(count)
  enter(count)
  await new Promise(resolve => setImmediate(resolve))
  leave(count, abandoned)
  await turn()
  expect(count).toMatchObject({ inFlight: 1, max: 1 })
})

it('gives a newcomer the place of a stream that ends in the same turn, and none otherwise', async () => {
  const count = createConcurrencyCount()
  const decisions: boolean[] = []
  const newcomer = {
    limit: () => 1,
    isThere: () => true,
    decide: (admitted: boolean) => decisions.push(admitted),
  }
  expect([admit(count, 1), admit(count, 1)]).toEqual([true, false])
  admitAfterPoll(count, newcomer)
  leave(count, { admitted: true, unfinished: true })
  await turn()
  admitAfterPoll(count, newcomer)
  await turn()
  expect(decisions).toEqual([true, false])
})
