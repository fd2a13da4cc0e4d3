import { describe, expect, it } from 'vitest'
import { createChance, drawFor } from '../src/chance.ts'
import { shippedTraces } from '../src/node/traces.ts'
import { agentSessions } from '../src/workload/agents.ts'
import { type ArrivalPlan, drawArrivals } from '../src/workload/arrivals.ts'
import { azureTrace } from '../src/workload/azure.ts'
import { capacity } from '../src/workload/capacity.ts'
import { mooncakeSessions } from '../src/workload/mooncake.ts'
import { ownBlocks } from '../src/workload/session.ts'
import { meanNoise } from '../src/world/latency.ts'
import { commonPrefix } from '../src/world/prefix-cache.ts'

const mean = (figures: number[]) => figures.reduce((sum, figure) => sum + figure, 0) / figures.length

describe('the conversation trace', () => {
  const sessions = mooncakeSessions(shippedTraces().conversation())

  it('comes back as chains of requests that share a block beyond the first', () => {
    expect(sessions).toHaveLength(7_373)
    expect(sessions.reduce((sum, { turns }) => sum + turns.length, 0)).toBe(12_031)
    for (const { turns } of sessions.slice(0, 500))
      for (const turn of turns.slice(1))
        expect(commonPrefix(turn.blocks, turns[0]!.blocks)).toBeGreaterThanOrEqual(2)
  })

  it('keeps the gaps between turns', () => {
    const [session] = mooncakeSessions(
      [
        '{"timestamp": 1000, "input_length": 900, "output_length": 5, "hash_ids": [0, 1]}',
        '{"timestamp": 2000, "input_length": 900, "output_length": 5, "hash_ids": [0, 7]}',
        '{"timestamp": 4500, "input_length": 1400, "output_length": 6, "hash_ids": [0, 1, 2]}',
      ].join('\n'),
    )
    expect(session!.turns.map(({ gapMs, inputTokens }) => [gapMs, inputTokens])).toEqual([
      [0, 900],
      [3_500, 1_400],
    ])
  })
})

describe('the Azure traces', () => {
  it.each([
    ['code', () => shippedTraces().azureCode(), 8_819],
    ['conversation', () => shippedTraces().azureConversation(), 19_366],
  ] as const)('%s: single requests, and the hour in which they came', (_name, text, count) => {
    const { templates, rhythm } = azureTrace(text())
    expect(templates).toHaveLength(count)
    expect(templates.every(({ turns }) => turns.length === 1 && turns[0]!.inputTokens > 0)).toBe(true)
    const spanMs = rhythm.at(-1)! - rhythm[0]!
    expect(spanMs / 3_600_000).toBeGreaterThan(0.9)
    expect(spanMs / 3_600_000).toBeLessThan(1.1)
  })
})

describe('agents', () => {
  const agents = agentSessions(2_000, createChance(1, 'agents'))

  it('take about 14 turns, each with the whole of the one before', () => {
    const turns = mean(agents.map(agent => agent.turns.length))
    expect(turns).toBeGreaterThan(13)
    expect(turns).toBeLessThan(15)
    for (const agent of agents.slice(0, 100)) {
      for (const [i, turn] of agent.turns.slice(1).entries()) {
        const before = agent.turns[i]!
        expect(turn.inputTokens).toBeGreaterThan(before.inputTokens + before.outputTokens)
        expect(commonPrefix(turn.blocks, before.blocks)).toBe(before.blocks.length)
      }
    }
  })
})

describe('arrivals', () => {
  const plan: ArrivalPlan = {
    templates: [{ turns: [turn(0), turn(5_000)] }],
    requestsPerSecond: 40,
    durationMs: 1_200_000,
    keyedShare: 0.8,
  }

  function turn(gapMs: number) {
    return { gapMs, inputTokens: 1_000, outputTokens: 10, blocks: [0, 1] }
  }

  it('start as many sessions as their turns make requests of', () => {
    const starts = drawArrivals(plan, createChance(2, 'arrivals'))
    expect(starts.length / 24_000).toBeGreaterThan(0.95)
    expect(starts.length / 24_000).toBeLessThan(1.05)
    expect(mean(starts.map(({ keyed }) => Number(keyed)))).toBeCloseTo(0.8, 1)
    expect(starts.map(({ serial }) => serial)).toEqual(starts.map((_, place) => place))
  })

  it('come in waves: counts vary by more than those of a steady process', () => {
    const starts = drawArrivals(plan, createChance(3, 'arrivals'))
    const bins = new Array<number>(40).fill(0)
    for (const { atMs } of starts) bins[Math.floor(atMs / 30_000)]!++
    const expected = mean(bins)
    const variance = mean(bins.map(count => (count - expected) ** 2))
    expect(variance / expected).toBeGreaterThan(2)
  })

  it('give tenants their shares, each in its time', () => {
    const tenants = [
      { name: 'steady', share: 0.25 },
      { name: 'greedy', share: 0.75, fromMs: 600_000, toMs: 900_000 },
    ]
    const starts = drawArrivals({ ...plan, tenants }, createChance(4, 'arrivals'))
    const greedy = starts.filter(({ tenant }) => tenant === 'greedy')
    expect(greedy.every(({ atMs }) => atMs >= 600_000 && atMs < 900_000)).toBe(true)
    expect(greedy.length / (starts.length - greedy.length)).toBeCloseTo(0.75, 1)
  })

  it("follow another trace's rhythm when told to", () => {
    const rhythm = [0, 900, 910, 920, 930, 940, 950, 960, 970, 1_000]
    const starts = drawArrivals({ ...plan, rhythm }, createChance(5, 'arrivals'))
    const late = starts.filter(({ atMs }) => atMs >= 0.9 * plan.durationMs)
    expect(late.length / starts.length).toBeCloseTo(8 / 9, 1)
  })

  it('keep the blocks of two sessions of one template apart but for the first', () => {
    const [one, two] = drawArrivals(plan, createChance(6, 'arrivals'))
    const blocks = [one!, two!].map(start => ownBlocks(start, start.template.turns[0]!))
    expect(commonPrefix(blocks[0]!, blocks[1]!)).toBe(1)
    expect(ownBlocks(one!, one!.template.turns[1]!)).toEqual(blocks[0])
  })
})

it('reckons capacity from slots that are always in use and a cache that is always cold', () => {
  const templates = [{ turns: [{ gapMs: 0, inputTokens: 10_000, outputTokens: 500, blocks: [] }] }]
  const { requestsPerSecond, tokensPerSlotMinute } = capacity(templates)
  const account = { slots: 8, speed: 1, baseMs: 200 }
  // (350 + 200 + 1200) x 1.5 x mean noise + 12 x 500 x 1.2, in milliseconds.
  const serviceMs = 1_750 * 1.5 * meanNoise() + 7_200
  expect(requestsPerSecond(account)).toBeCloseTo(8_000 / serviceMs, 2)
  expect(tokensPerSlotMinute).toBeCloseTo((60_000 / serviceMs) * 10_500, -2)
})

it('draws the same luck for a request whatever was drawn before, evenly over all', () => {
  expect(drawFor(1, 5, 1, 0)).toBe(drawFor(1, 5, 1, 0))
  expect(drawFor(1, 5, 1, 0)).not.toBe(drawFor(1, 5, 2, 0))
  const draws = Array.from({ length: 20_000 }, (_, request) => drawFor(9, request, 1, 0))
  expect(mean(draws)).toBeCloseTo(0.5, 1)
  expect(mean(draws.map(draw => (draw - 0.5) ** 2))).toBeCloseTo(1 / 12, 2)
})
