import { describe, expect, it } from 'vitest'
import { createColumns, OPEN, REACHABLE } from '../columns/columns.ts'
import { DEFAULT_COOL_DOWNS } from '../health/cool-down.ts'
import { DEFAULT_EJECTION } from '../health/ejection.ts'
import { createManualClock } from '../memory/index.ts'
import type { Account } from '../model/account.ts'
import type { HealthNotice } from '../ports.ts'
import { createRoster } from './roster.ts'
import { createStandings } from './standings.ts'

function setUp(facts: readonly Partial<Account>[]) {
  const clock = createManualClock()
  const columns = createColumns()
  const roster = createRoster(columns, { oldestId: 0, nextId: 0 })
  const told: string[] = []
  const published: HealthNotice[] = []
  let hear: (notice: HealthNotice) => void = () => {}
  const health = {
    publish: (notice: HealthNotice) => void published.push(notice),
    subscribe(listener: typeof hear) {
      hear = listener
      return () => {
        hear = () => {}
      }
    },
  }
  const profile = { ejection: DEFAULT_EJECTION, coolDowns: DEFAULT_COOL_DOWNS }
  const standings = createStandings(columns, profile, { clock, health }, roster, {
    opened: row => told.push(`opened ${columns.ids[row]}`),
    changed: (row, from, to) => told.push(`${columns.ids[row]} ${from} > ${to}`),
    dueEarlier: () => {},
  })
  function replace(accounts: readonly Partial<Account>[]): void {
    const list = accounts.map((account, order) => ({
      id: String.fromCharCode(97 + order),
      order,
      ...account,
    }))
    for (const row of roster.replace(list)) standings.accountChanged(row)
  }
  replace(facts)
  told.length = 0
  const advance = (ms: number) => {
    clock.advance(ms)
    standings.tick(clock.monotonicMs())
  }
  return {
    clock,
    columns,
    standings,
    told,
    published,
    replace,
    advance,
    hear: (notice: HealthNotice) => hear(notice),
  }
}

const slot = { account: 'a' }
const both = REACHABLE | OPEN

describe('a row', () => {
  it('is open unless something is against it', () => {
    const { columns, clock } = setUp([
      {},
      { status: 'draining' },
      { status: 'disabled' },
      { rateLimitedUntilMs: createManualClock().wallMs() + 1 },
      { rateLimitedUntilMs: createManualClock().wallMs() },
    ])
    expect(clock.wallMs()).toBe(createManualClock().wallMs())
    expect([...columns.usable.subarray(0, 5)]).toEqual([both, REACHABLE, 0, 0, both])
  })

  it('rests for the longest of its cool-downs, and says why', () => {
    const { columns, standings, advance, told, clock } = setUp([{}])
    standings.settled(0, { kind: 'rate_limited', untilMs: clock.wallMs() + 3_000 }, slot)
    standings.settled(0, { kind: 'rate_limited', untilMs: clock.wallMs() + 1_000 }, slot)
    expect(standings.stateOf(0)).toEqual({ state: 'cooling_down', reason: 'rate_limited' })
    expect([standings.availableAtMs(0), standings.nextDueMs]).toEqual([3_000, 3_000])
    advance(2_999)
    expect(columns.usable[0]).toBe(0)
    advance(1)
    expect(columns.usable[0]).toBe(both)
    expect(told).toEqual(['a active > cooling_down', 'a cooling_down > active', 'opened a'])
  })

  it('expires by itself', () => {
    const wallMs = createManualClock().wallMs()
    const { columns, standings, advance } = setUp([{ expiresAtMs: wallMs + 500 }])
    expect(columns.usable[0]).toBe(both)
    advance(500)
    expect([columns.usable[0], standings.retired(0), standings.availableAtMs(0)]).toEqual([
      0,
      true,
      Number.POSITIVE_INFINITY,
    ])
  })

  it('is not moved by a step of the wall clock while it rests', () => {
    const { columns, standings, clock, advance } = setUp([{}])
    standings.settled(0, { kind: 'overloaded' }, slot)
    clock.stepWall(3_600_000)
    advance(4_999)
    expect(columns.usable[0]).toBe(0)
    advance(1)
    expect(columns.usable[0]).toBe(both)
  })

  it('opens again at each end of a limit for a single model', () => {
    const wallMs = createManualClock().wallMs()
    const { told, advance } = setUp([{ modelLimitedUntilMs: { m: wallMs + 100, n: wallMs + 200 } }, {}])
    for (let i = 0; i < 4; i++) advance(50)
    expect(told).toEqual(['opened a', 'opened a'])
  })

  it('takes its history with it when it goes', () => {
    const { columns, standings, replace } = setUp([{}, {}])
    standings.settled(1, { kind: 'quota_exhausted' }, slot)
    for (let i = 0; i < 3; i++) standings.settled(0, { kind: 'server_error' }, slot)
    expect([standings.stateOf(0).state, standings.stateOf(1).state]).toEqual(['ejected', 'cooling_down'])
    replace([])
    replace([{}, {}])
    expect([...columns.usable.subarray(0, 2)]).toEqual([both, both])
  })
})

describe('what others are told', () => {
  it('is a cool-down, an ejection and a recovery, dated by the wall clock', () => {
    const { standings, published, clock, advance } = setUp([{}, {}])
    const wallMs = clock.wallMs()
    standings.settled(0, { kind: 'rate_limited' }, slot)
    for (let i = 0; i < 3; i++) standings.settled(1, { kind: 'timeout' }, slot)
    advance(5_000)
    const probe = { account: 'b' }
    standings.granted(1, probe)
    standings.settled(1, { kind: 'ok' }, probe)
    expect(published).toEqual([
      { kind: 'cool_down', account: 'a', reason: 'rate_limited', untilMs: wallMs + 5_000 },
      { kind: 'ejected', account: 'b', untilMs: wallMs + 5_000, times: 1 },
      { kind: 'recovered', account: 'b' },
    ])
  })

  it('is taken over from them, and nothing of accounts that are none here', () => {
    const { standings, hear, clock } = setUp([{}, {}])
    const untilMs = clock.wallMs() + 7_000
    hear({ kind: 'cool_down', account: 'a', reason: 'rate_limited', untilMs })
    hear({ kind: 'ejected', account: 'b', untilMs, times: 2 })
    hear({ kind: 'ejected', account: 'nobody', untilMs, times: 2 })
    expect([standings.availableAtMs(0), standings.availableAtMs(1)]).toEqual([7_000, 7_000])
    hear({ kind: 'recovered', account: 'b' })
    expect(standings.stateOf(1).state).toBe('slow_start')
    standings.close()
    hear({ kind: 'cool_down', account: 'b', reason: 'rate_limited', untilMs })
    expect(standings.stateOf(1).state).toBe('slow_start')
  })
})

describe('slow start', () => {
  it('raises the share in the columns step by step', () => {
    const { standings, columns, advance } = setUp([{}, {}])
    for (let i = 0; i < 3; i++) standings.settled(0, { kind: 'timeout' }, slot)
    advance(5_000)
    standings.granted(0, slot)
    standings.settled(0, { kind: 'ok' }, slot)
    const shares = [columns.share[0]]
    for (let i = 0; i < 3; i++) {
      advance(5_000)
      shares.push(columns.share[0])
    }
    expect(shares).toEqual([0.1, 0.4, 0.7, 1])
    expect(standings.nextDueMs).toBe(Number.POSITIVE_INFINITY)
  })
})
