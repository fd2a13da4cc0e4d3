import { Agent, MemorySession, OpenAIProvider, Runner } from '@openai/agents'
import { describe, expect, it } from 'vitest'

import type { TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'
import { converse, expectKept, gatewayForClient, model } from './conversations.ts'

const agent = new Agent({ name: 'assistant', instructions: 'Answer in one sentence.', model })

function runnerOf(gateway: TestGateway): Runner {
  const modelProvider = new OpenAIProvider({ apiKey: gateway.key(), baseURL: `${gateway.url}/v1` })
  return new Runner({ modelProvider, tracingDisabled: true })
}

describe.each([false, true])('@openai/agents (stream: %s)', stream => {
  /** One run of the agent; answers what it said last, and the id of its response. */
  async function run(
    runner: Runner,
    input: string,
    options: { session?: MemorySession; previousResponseId?: string; conversationId?: string },
  ) {
    if (!stream) {
      const { finalOutput, lastResponseId } = await runner.run(agent, input, options)
      return { text: finalOutput!, id: lastResponseId }
    }
    const result = await runner.run(agent, input, { ...options, stream })
    for await (const _event of result);
    await result.completed
    return { text: result.finalOutput!, id: result.lastResponseId }
  }

  it('with a session sends the whole history and no key, and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const runner = runnerOf(gateway)
    const conversations = await converse(gateway, async topic => {
      const session = new MemorySession()
      const first = await run(runner, `Tell me of ${topic}.`, { session })
      const second = await run(runner, `More of ${topic}.`, { session })
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [first, second] of conversations) {
      expect(first).toMatchObject({ endpoint: 'responses.create', stream, keys: {}, items: 1 })
      expect(first!.userAgent).toMatch(/^Agents\/JavaScript 0\.20\.0/)
      expect(second).toMatchObject({ keys: {}, items: 3, carried: ['msg'] })
    }
  })

  it('with a session goes on elsewhere when its account is gone: the ids it repeats are labels', async () => {
    const gateway = await gatewayForClient()
    const runner = runnerOf(gateway)
    const session = new MemorySession()
    await run(runner, 'Tell me of apples.', { session })
    const [first] = generations(gateway.mock)
    const accounts = ['a1', 'a2', 'a3'].map(id => ({ id, config: { enabled: id !== first!.account } }))
    await gateway.reload({ accounts })
    await run(runner, 'More of apples.', { session })
    const [, second] = generations(gateway.mock)
    expect(second!.body).toContain('"id":"msg_')
    expect(second!.account).not.toBe(first!.account)
  })

  it('with previousResponseId sends that and the new turn, to where the response is stored', async () => {
    const gateway = await gatewayForClient()
    const runner = runnerOf(gateway)
    const conversations = await converse(gateway, async topic => {
      const first = await run(runner, `Tell me of ${topic}.`, {})
      const second = await run(runner, `More of ${topic}.`, { previousResponseId: first.id! })
      expect(second.text).toContain('turn 2')
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [, second] of conversations) {
      expect(Object.keys(second!.keys)).toEqual(['previous_response_id'])
      expect(second!.items).toBe(1)
    }
  })

  it('with conversationId sends that and the new turn, to where the conversation is kept', async () => {
    const gateway = await gatewayForClient()
    const runner = runnerOf(gateway)
    const conversations = await converse(gateway, async topic => {
      const { id: conversationId } = await gateway.sdk().conversations.create()
      const first = await run(runner, `Tell me of ${topic}.`, { conversationId })
      const second = await run(runner, `More of ${topic}.`, { conversationId })
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [first, second] of conversations) {
      expect(Object.keys(first!.keys)).toEqual(['conversation'])
      expect([second!.keys, second!.items]).toEqual([first!.keys, 1])
    }
  })
})
