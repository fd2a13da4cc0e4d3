import { describe, expect, it } from 'vitest'
import { policyNamed } from '../src/policies/catalogue.ts'
import { simulate } from '../src/run/simulate.ts'
import type { Change } from '../src/scenario/changes.ts'
import { replayWorld } from '../src/scenario/replay.ts'
import { createDecisionLogReader, type Recorded } from '../src/workload/decision-log.ts'

interface Logged {
  readonly at: number
  readonly session?: string
  readonly account?: string
  readonly tokens?: number
  readonly outcome?: string
  readonly firstTokenMs?: number
  readonly owners?: readonly string[]
  readonly told?: string
}

/** A line as the gateway's decision log has it, with what matters here. */
function line(logged: Logged): string {
  const { at, session = '', account = 'one', tokens, outcome = 'ok', firstTokenMs, owners, told } = logged
  const usage = tokens === undefined ? undefined : { inputTokens: tokens, cachedTokens: 0, outputTokens: 100 }
  const row = (id: string, limit: number, priority: number) => ({ account: id, limit, inUse: 3, priority })
  return JSON.stringify({
    ...{ v: 1, kind: 'request', wallMs: at + 900 },
    request: { tenant: 'a', durationMs: 900, usage },
    attempts: [{ account, outcome, told }],
    decisions: [
      {
        ...{ wallMs: at, request: { session, owners }, admittedTo: account, waitedMs: 0, durationMs: 900 },
        ...{ firstTokenMs, usage, rows: session === '' ? [row('one', 8, 1), row('two', 4, 2)] : [] },
      },
    ],
  })
}

// For a prompt of 1,000 tokens with half the slots in use: (350 + 200 + 120) x 1.125 at mean pace.
const log = [
  line({ at: 5_000, tokens: 1_000, firstTokenMs: 2 * 670 * 1.125 }),
  line({ at: 1_000, session: 's1', tokens: 2_000 }),
  line({ at: 9_000, session: 's1', tokens: 3_000, account: 'three' }),
  line({ at: 9_100, session: 's2', account: 'three', outcome: 'server_error' }),
  '{"v":1,"kind":"account","account":"one"}',
  'broken',
  '',
]

function readLog(rows: readonly (string | undefined)[], pool = ''): Recorded {
  const reader = createDecisionLogReader()
  for (const row of rows) reader.read(row)
  return reader.recorded(pool)
}

const NONE_LEFT_OUT = { broken: 0, undecided: 0, otherPools: 0, outside: 0 }

describe('a decision log', () => {
  const recorded = readLog(log)

  it('becomes sessions with their gaps, in the order of arrival', () => {
    expect(
      recorded.sessions.map(({ atMs, keyed, template }) => [atMs, keyed, template.turns.length]),
    ).toEqual([
      [0, true, 2],
      [4_000, false, 1],
      [8_100, true, 1],
    ])
    const [first, second] = recorded.sessions[0]!.template.turns
    expect(second).toMatchObject({ gapMs: 8_000, inputTokens: 3_000 })
    expect(second!.blocks.slice(0, first!.blocks.length)).toEqual(first!.blocks)
    expect(recorded).toMatchObject({ requests: 4, startMs: 1_000, durationMs: 8_101, tenants: ['a'] })
    expect(recorded.leftOut).toEqual({ ...NONE_LEFT_OUT, broken: 1, undecided: 1 })
    expect(recorded.errorShare).toBe(1 / 4)
  })

  it('gives requests whose tokens it does not tell the median of the others', () => {
    expect(recorded.sessions[2]!.template.turns[0]).toMatchObject({ inputTokens: 2_000, outputTokens: 100 })
  })

  it('shows accounts by their limits, else by what they had in use, and their pace', () => {
    expect(recorded.accounts).toEqual([
      { id: 'one', slots: 8, priority: 1, speed: expect.closeTo(2) },
      { id: 'two', slots: 4, priority: 2, speed: 1 },
      { id: 'three', slots: 4, priority: 0, speed: 1 },
    ])
  })
})

describe('conversations without a session key', () => {
  const turn = (at: number, told: string, ...owners: string[]) =>
    line({ at, tokens: 1_000, told: `response:${told}`, owners })
  const lengths = ({ sessions }: Recorded) => sessions.map(({ template }) => template.turns.length)

  it('are put together by the responses that their turns were told and continue', () => {
    const recorded = readLog([
      turn(1_000, 'a1'),
      turn(2_000, 'b1'),
      turn(3_000, 'a2', 'response:a1', 'file:f'),
      turn(4_000, 'b2', 'response:b1'),
      turn(5_000, 'a3', 'response:a2'),
      turn(6_000, 'a4', 'response:a2'),
    ])
    expect(lengths(recorded)).toEqual([4, 2])
    expect(recorded.sessions.map(({ stored }) => stored)).toEqual([true, true])
    expect(recorded.unlinked).toBe(0)
  })

  it('are put together by the conversation that they name, and by no file that they have in common', () => {
    const recorded = readLog([
      turn(1_000, 'a1', 'conversation:c'),
      turn(2_000, 'a2', 'conversation:c'),
      turn(3_000, 'x', 'file:f'),
      turn(4_000, 'y', 'file:f'),
    ])
    expect(lengths(recorded)).toEqual([2, 1, 1])
    expect(recorded.sessions.map(({ stored }) => stored)).toEqual([true, undefined, undefined])
  })

  it('begin where the log does not tell whose answer is continued, which is counted', () => {
    const recorded = readLog([
      turn(1_000, 'a8', 'response:a7'),
      turn(2_000, 'a9', 'response:a8'),
      turn(3_000, 'z', 'response:gone'),
    ])
    expect(lengths(recorded)).toEqual([2, 1])
    expect(recorded.unlinked).toBe(2)
  })

  it('stay, when they are replayed, at the account that stores them', async () => {
    const rows = Array.from({ length: 40 }, (_, i) => [
      line({ at: 1_000 + 100 * i, tokens: 600, told: `response:${i}`, session: '' }),
      line({ at: 20_000 + 100 * i, tokens: 900, told: `response:n${i}`, owners: [`response:${i}`] }),
    ]).flat()
    const recorded = readLog([line({ at: 900, tokens: 500, session: 's' }), ...rows, log[1]!, log[2]!])
    const world = replayWorld(recorded, { seed: 1, changes: [] })
    const { records } = await simulate(world, policyNamed('random'))
    const { account, served, inputTokens } = records.requests
    const places = (tokens: number) => account.filter((_, row) => inputTokens[row] === tokens && served[row])
    expect(places(900)).toHaveLength(40)
    expect(new Set(places(600)).size).toBeGreaterThan(1)
    const count = (list: readonly number[]) => [0, 1, 2].map(place => list.filter(at => at === place).length)
    expect(count(places(900))).toEqual(count(places(600)))
  })
})

describe('a line', () => {
  const good = JSON.parse(line({ at: 1_000, tokens: 100 }))
  const [decision] = good.decisions
  const withRow = (change: object) => ({
    ...decision,
    rows: [{ account: 'one', limit: 8, inUse: 3, priority: 1, ...change }],
  })

  it('is read when it is whole', () => {
    expect(readLog([JSON.stringify(good)])).toMatchObject({ requests: 1, leftOut: NONE_LEFT_OUT })
  })

  it.each<[string, object]>([
    ['no request', { request: undefined }],
    ['no attempts', { attempts: undefined }],
    ['no decisions', { decisions: undefined }],
    ['a decision that is none', { decisions: [null] }],
    ['a decision without an instant', { decisions: [{ ...decision, wallMs: undefined }] }],
    ['a decision at no instant', { decisions: [{ ...decision, wallMs: 'noon' }] }],
    ['a duration below 0', { decisions: [{ ...decision, durationMs: -1 }] }],
    ['no session', { decisions: [{ ...decision, request: {} }] }],
    ['owners that are none', { decisions: [{ ...decision, request: { session: '', owners: [7] } }] }],
    ['a told response that is no text', { attempts: [{ told: 7 }] }],
    ['rows that are none', { decisions: [{ ...decision, rows: [{ limit: 1 }] }] }],
    ['a row of an account without a name', { decisions: [withRow({ account: '' })] }],
    ['a priority that is no number', { decisions: [withRow({ priority: 'high' })] }],
    ['a limit that is no number', { decisions: [withRow({ limit: '8' })] }],
    ['a limit below 0', { decisions: [withRow({ limit: -8 })] }],
    ['an account that is no text', { decisions: [{ ...decision, admittedTo: 5 }] }],
    ['an attempt that is none', { attempts: [null] }],
    ['a tenant that is no text', { request: { tenant: 5 } }],
    ['a pool that is no text', { decisions: [{ ...decision, pool: 5 }] }],
    ['no number of tokens', { request: { usage: { ...decision.usage, inputTokens: '7' } } }],
    ['more tokens than there can be', { request: { usage: { ...decision.usage, inputTokens: 1e12 } } }],
  ])('is left out, and counted, when it has %s', (_, change) => {
    expect(readLog([JSON.stringify({ ...good, ...change })])).toMatchObject({
      requests: 0,
      leftOut: { ...NONE_LEFT_OUT, broken: 1 },
    })
  })

  it('is left out, and counted, when it is too long', () => {
    expect(readLog([undefined]).leftOut).toEqual({ ...NONE_LEFT_OUT, broken: 1 })
  })

  it.each<[string, object]>([
    ["an account's change", { kind: 'account' }],
    ['a request that ended before a decision', { decisions: [] }],
  ])('is not told to be broken when it is %s', (_, change) => {
    expect(readLog([JSON.stringify({ ...good, ...change })]).leftOut).toEqual({
      ...NONE_LEFT_OUT,
      undecided: 1,
    })
  })
})

describe('a log with a wrong clock', () => {
  const day = 86_400_000
  const now = 20_000 * day
  const right = [0, 1, 30].map(days => line({ at: now + days * day, tokens: 2_000 }))
  const wrong = (at: number) => line({ at, outcome: 'server_error', account: 'nine' })

  it.each([0, now - 2 * day, now + 40 * day, 8.64e15])(
    'leaves out what is far from the others, as at %d',
    at => {
      const { startMs, durationMs, leftOut, errorShare, accounts } = readLog([wrong(at), ...right])
      expect({ startMs, durationMs, leftOut, errorShare }).toEqual({
        ...{ startMs: now, durationMs: 30 * day + 1, errorShare: 0 },
        leftOut: { ...NONE_LEFT_OUT, outside: 1 },
      })
      expect(accounts.map(({ id, slots }) => [id, slots])).toEqual([
        ['one', 8],
        ['two', 4],
      ])
    },
  )

  it('takes the limits of accounts from the time that is replayed', () => {
    const other = JSON.parse(line({ at: 8.64e15 }))
    other.decisions[0].rows[0].limit = 1
    expect(readLog([...right, JSON.stringify(other), right[2]!]).accounts[0]).toMatchObject({ slots: 8 })
  })

  it('is of its latest month when every month has as much', () => {
    const sparse = Array.from({ length: 100 }, (_, week) => line({ at: now + week * 7 * day }))
    const { requests, startMs, accounts } = readLog(sparse)
    expect({ requests, startMs }).toEqual({ requests: 5, startMs: now + 95 * 7 * day })
    expect(accounts[0]).toMatchObject({ id: 'one', slots: 8 })
  })
})

describe('a log of several pools', () => {
  const of = (pool: string, at: number, account: string) => {
    const whole = JSON.parse(line({ at, account }))
    whole.decisions[0].pool = pool
    return JSON.stringify(whole)
  }
  const mixed = [of('batch', 500, 'three'), of('chat', 1_000, 'one'), of('chat', 2_000, 'two')]

  it('tells its pools, the largest first', () => {
    const reader = createDecisionLogReader()
    for (const row of mixed) reader.read(row)
    expect(reader.pools()).toEqual([
      { name: 'chat', requests: 2 },
      { name: 'batch', requests: 1 },
    ])
  })

  it('is replayed a pool at a time, on the accounts of that pool', () => {
    const { requests, accounts, startMs, leftOut } = readLog(mixed, 'chat')
    expect({ requests, startMs, leftOut }).toEqual({
      ...{ requests: 2, startMs: 1_000 },
      leftOut: { ...NONE_LEFT_OUT, otherPools: 1 },
    })
    expect(accounts.map(({ id }) => id)).toEqual(['one', 'two'])
  })
})

describe('a replay', () => {
  const recorded = readLog(log)
  const world = (...changes: Change[]) => replayWorld(recorded, { seed: 1, changes })

  it('runs the recorded requests', async () => {
    const { records } = await simulate({ ...world(), backgroundErrors: 0 }, policyNamed('balanced'))
    expect(records.requests.served).toEqual([true, true, true, true])
    expect(records.requests.arrivedMs.toSorted((a, b) => a - b)).toEqual([0, 4_000, 8_000, 8_100])
  })

  it('presses them into less time', () => {
    const { sessions, durationMs } = world({ key: 'load', value: '2' })
    expect(durationMs).toBe(8_101 / 2)
    expect(sessions[1]!.atMs).toBe(2_000)
    expect(sessions[0]!.template.turns[1]!.gapMs).toBe(4_000)
  })

  it('changes accounts, and takes them out', () => {
    const { accounts } = world({ key: 'one.slots', value: '16' }, { key: 'two', value: 'off' })
    expect(accounts.map(({ id, slots }) => [id, slots])).toEqual([
      ['one', 16],
      ['three', 4],
    ])
  })

  it('keeps accounts apart from what is set of others, whatever they are called', () => {
    const ids = ['load', 'b', 'b.slots', 'profile']
    const named = { ...recorded, accounts: ids.map(id => ({ id, slots: 4, priority: 0, speed: 1 })) }
    const of = (...changes: Change[]) => replayWorld(named, { seed: 1, changes })
    const { durationMs, accounts } = of(
      { key: 'load', value: '2' },
      { key: 'load', value: 'off' },
      { key: 'b.slots', value: '8' },
      { key: 'b.slots.slots', value: '9' },
    )
    expect(durationMs).toBe(8_101 / 2)
    expect(accounts.map(({ id, slots }) => [id, slots])).toEqual([
      ['b', 8],
      ['b.slots', 9],
      ['profile', 4],
    ])
    expect(of({ key: 'b.slots', value: 'off' }).accounts.map(({ id }) => id)).toEqual([
      'load',
      'b',
      'profile',
    ])
  })

  it.each<[string, RegExp]>([
    [
      'four=off',
      /^four=off: there is nothing called four to set\. Fix: write load=FACTOR, .* one of one, two, three\.$/,
    ],
    ['one.colour=3', /^one\.colour=3: there is nothing called one\.colour/],
    ['one=on', /^one=on: the account one cannot be "on"\. Fix: write load=FACTOR, ACCOUNT=off/],
    [
      'one.slots=1.5',
      /^one\.slots=1\.5: one\.slots cannot be "1\.5"; it is a whole number from 1 to 100000\. Fix: write one, such as one\.slots=16\.$/,
    ],
    [
      'one.priority=-1',
      /it is a whole number from 0 to 1000000\. Fix: write one, such as one\.priority=2\.$/,
    ],
    ['one.speed=0', /it is a number from 0\.01 to 100\. Fix: .* one\.speed=2\.$/],
    [
      'one.tokensPerMinute=1e13',
      /it is a number from 1 to 1000000000000\. Fix: .* one\.tokensPerMinute=200000\.$/,
    ],
    [
      'load=0',
      /^load=0: load cannot be "0"; it is a number from 0\.01 to 100\. Fix: write one, such as load=1\.5\.$/,
    ],
    ['load=', /^load=: load cannot be ""/],
    ['load=off', /^load=off: load cannot be "off"/],
    ['load=1 load=2', /^load=2: load is set twice, first to "1"\. Fix: keep one of the two\.$/],
    ['one=off one=off', /^one=off: one is set twice/],
    ['one=off one.slots=2', /^one=off: figures of one are set as well\. Fix: keep one of the two\.$/],
    [
      'one=off two=off three=off',
      /^one=off, two=off, three=off: no account is left to replay with\. Fix: leave one of them in\.$/,
    ],
  ])('refuses %s, and says what to write', (text, message) => {
    const changes = text
      .split(' ')
      .map(each => each.split('='))
      .map(([key, value]) => ({ key: key!, value: value! }))
    expect(() => world(...changes)).toThrow(message)
  })

  it('does not stretch traffic over more than a replay spans', () => {
    const long = readLog([line({ at: 0 }), line({ at: 20 * 86_400_000 })])
    const stretched = (value: string) => replayWorld(long, { seed: 1, changes: [{ key: 'load', value }] })
    expect(() => stretched('0.5')).toThrow(
      /^load=0\.5: .* 31 days .* Fix: write a number of at least 0\.646\.$/,
    )
    expect(stretched('0.646').durationMs).toBeLessThanOrEqual(31 * 86_400_000)
  })
})
