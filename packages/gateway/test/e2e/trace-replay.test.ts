/**
 * Two hundred real conversations over five accounts, of which one is dead from the start and one is slow. Turns,
 * their order and the relative length of prompts are the trace's; its clock is not kept: twenty conversations run at
 * a time, each turn as soon as the one before it has ended.
 */
import { createServer } from 'node:net'
import type OpenAI from 'openai'
import { expect, it } from 'vitest'
import { eventually } from '../fixtures/eventually.ts'
import { gatewayForTest, type TestAccount } from '../fixtures/gateway.ts'
import { generations, makers, misrouted, running } from '../fixtures/mock-log.ts'
import { conversationsOf, readExtract, type TraceRequest } from '../fixtures/mooncake.ts'

const model = 'gpt-5.1'
const atOnce = 20
const slots = 4

const profile = { ttftMs: 4, ttftJitter: 0.5, tokensPerSecond: 4000, outputTokens: 24, concurrency: slots }
const healthy: readonly TestAccount[] = ['a1', 'a2', 'a3'].map(id => ({
  id,
  profile,
  config: { concurrency: slots },
}))
const slow: TestAccount = {
  id: 'slow',
  profile: { ...profile, ttftMs: 40, tokensPerSecond: 800 },
  config: { concurrency: slots },
}

/** One letter for about eight tokens of the turn: long enough to differ, short enough not to be the test's load. */
const promptOf = ({ input_length }: TraceRequest): string => 'x'.repeat(Math.ceil(input_length / 32))

/** All turns of one conversation; every other conversation is streamed. Counts the turns that ended as they should. */
async function converse(sdk: OpenAI, turns: readonly TraceRequest[], index: number): Promise<number> {
  let previous: string | null = null
  for (const [place, turn] of turns.entries()) {
    const body: OpenAI.Responses.ResponseCreateParamsNonStreaming = {
      model,
      input: promptOf(turn),
      previous_response_id: previous,
    }
    let answer: OpenAI.Responses.Response | undefined
    if (index % 2 === 0) answer = await sdk.responses.create(body)
    else {
      for await (const event of await sdk.responses.create({ ...body, stream: true })) {
        if (event.type === 'response.completed') answer = event.response
      }
    }
    expect(answer?.status).toBe('completed')
    const [item] = answer!.output as OpenAI.Responses.ResponseOutputMessage[]
    expect(item!.content[0]).toMatchObject({ text: expect.stringContaining(`turn ${place + 1}.`) })
    previous = answer!.id
  }
  return turns.length
}

async function replay(sdk: OpenAI, conversations: readonly TraceRequest[][]): Promise<number> {
  const waiting = [...conversations.entries()]
  let served = 0
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [index, turns] = next
      const count = await converse(sdk, turns, index)
      served += count
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return served
}

/** A port of this machine that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

it('rebuilds the conversations that the extract was made from', () => {
  const conversations = conversationsOf(readExtract())
  expect(conversations).toHaveLength(200)
  expect(conversations.every(turns => turns.length > 1)).toBe(true)
  const ordered = conversations.every(turns =>
    turns.every(({ timestamp }, place) => place === 0 || timestamp >= turns[place - 1]!.timestamp),
  )
  expect(ordered).toBe(true)
})

interface Case {
  readonly what: string
  readonly conversations: number
  readonly dead: () => Promise<TestAccount>
}

const cases: readonly Case[] = [
  {
    what: 'answers 500',
    conversations: 200,
    dead: async () => ({ id: 'dead', profile, config: { concurrency: slots } }),
  },
  {
    what: 'refuses connections',
    conversations: 60,
    dead: async () => ({
      id: 'dead',
      config: { concurrency: slots, baseUrl: `http://127.0.0.1:${await closedPort()}/v1` },
    }),
  },
]

it.each(cases)(
  'loses no turn and mixes up no conversation of $conversations while one account $what and one is slow',
  async ({ what, conversations: count, dead }) => {
    const gateway = await gatewayForTest({ accounts: [await dead(), ...healthy, slow] })
    const { mock } = gateway
    mock.fault({ account: 'dead', fault: { kind: 'status', status: 500 } })

    const conversations = conversationsOf(readExtract()).slice(0, count)
    const requests = await replay(gateway.sdk(), conversations)

    expect(requests).toBe(conversations.flat().length)
    expect(misrouted(mock)).toEqual([])
    expect(makers(mock).size).toBe(requests)
    expect(generations(mock).filter(({ status }) => status === 200)).toHaveLength(requests)
    const { accounts } = mock.stats()
    for (const [id, account] of Object.entries(accounts)) {
      expect([id, account.concurrency.max <= slots, account.concurrencyRefused]).toEqual([id, true, 0])
    }
    await eventually(async () => running(mock) === 0 && (await gateway.slotsInUse()) === 0)
    const switches = await gateway.metric('headgate_account_switches_total{pool="default"}')
    // A dead account is found out by a handful of requests, not asked again by every one.
    expect(switches).toBeGreaterThan(0)
    expect(switches).toBeLessThan(25)
    const most = Object.entries(accounts).map(([id, { concurrency }]) => `${id} ${concurrency.max}`)
    console.log(
      `one account ${what}: ${requests} requests, ${requests + switches} attempts, ${switches} switches; most at once: ${most.join(', ')}`,
    )
  },
  60_000,
)
