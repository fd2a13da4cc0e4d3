import { type AIMessage, type AIMessageChunk, type BaseMessage, HumanMessage } from '@langchain/core/messages'
import { ChatOpenAI, type ChatOpenAIFields } from '@langchain/openai'
import { describe, expect, it } from 'vitest'

import type { TestGateway } from '../fixtures/gateway.ts'
import { converse, expectKept, gatewayForClient, model } from './conversations.ts'

const chatOf = (gateway: TestGateway, fields: ChatOpenAIFields = {}) =>
  new ChatOpenAI({
    model,
    apiKey: gateway.key(),
    configuration: { baseURL: `${gateway.url}/v1` },
    maxRetries: 0,
    ...fields,
  })

describe.each([false, true])('@langchain/openai (stream: %s)', stream => {
  async function say(
    chat: ChatOpenAI,
    messages: BaseMessage[],
    options: { previous_response_id?: string } = {},
  ): Promise<AIMessageChunk | AIMessage> {
    if (!stream) return await chat.invoke(messages, options)
    let whole: AIMessageChunk | undefined
    for await (const chunk of await chat.stream(messages, options)) whole = whole?.concat(chunk) ?? chunk
    return whole!
  }

  async function twoTurns(chat: ChatOpenAI, topic: string): Promise<string[]> {
    const messages: BaseMessage[] = [new HumanMessage(`Tell me of ${topic}.`)]
    const first = await say(chat, messages)
    messages.push(first, new HumanMessage(`More of ${topic}.`))
    return [first.text, (await say(chat, messages)).text]
  }

  it('speaks chat with the whole history and no key, and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const conversations = await converse(gateway, topic => twoTurns(chatOf(gateway), topic))
    expectKept(conversations)
    const keys = stream ? { stream_options: { include_usage: true } } : {}
    for (const [first, second] of conversations) {
      expect(second).toMatchObject({ endpoint: 'chat.completions', stream, keys, items: 3 })
      expect(first!.userAgent).toMatch(/^langchainjs-openai\//)
    }
  })

  it('with previous_response_id goes to where the response is stored', async () => {
    const gateway = await gatewayForClient()
    const chat = chatOf(gateway, { useResponsesApi: true })
    const conversations = await converse(gateway, async topic => {
      const first = await say(chat, [new HumanMessage(`Tell me of ${topic}.`)])
      const id = first.response_metadata['id'] as string
      const second = await say(chat, [new HumanMessage(`More of ${topic}.`)], { previous_response_id: id })
      expect(second.text).toContain('turn 2')
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [, second] of conversations) {
      expect(Object.keys(second!.keys)).toEqual(['previous_response_id'])
    }
  })

  it('with promptCacheKey and zdrEnabled stores nothing, and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const conversations = await converse(gateway, topic =>
      twoTurns(chatOf(gateway, { useResponsesApi: true, zdrEnabled: true, promptCacheKey: topic }), topic),
    )
    expectKept(conversations)
    for (const [first, second] of conversations) {
      expect(second!.keys).toMatchObject({ store: false })
      expect(second!.keys['prompt_cache_key']).toBe(first!.keys['prompt_cache_key'])
    }
  })
})
