import { createOpenAI } from '@ai-sdk/openai'
import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, type LanguageModel, type ModelMessage, streamText } from 'ai'
import { describe, expect, it } from 'vitest'

import type { TestGateway } from '../fixtures/gateway.ts'
import { converse, expectKept, gatewayForClient, model } from './conversations.ts'

type Options = Pick<Parameters<typeof generateText>[0], 'providerOptions'>

const providerOf = (gateway: TestGateway) =>
  createOpenAI({ apiKey: gateway.key(), baseURL: `${gateway.url}/v1` })

describe.each([false, true])('ai with @ai-sdk/openai (stream: %s)', stream => {
  async function say(model: LanguageModel, messages: ModelMessage[], options: Options = {}) {
    const call = { model, messages, maxRetries: 0, ...options }
    if (!stream) {
      const { text, providerMetadata, response } = await generateText(call)
      return { text, id: providerMetadata?.['openai']?.['responseId'] as string, said: response.messages }
    }
    const result = streamText(call)
    const text = await result.text
    const id = (await result.providerMetadata)?.['openai']?.['responseId'] as string
    return { text, id, said: (await result.response).messages }
  }

  /** Two turns, each with all that was said before. */
  async function twoTurns(model: LanguageModel, topic: string, options?: Options): Promise<string[]> {
    const messages: ModelMessage[] = [{ role: 'user', content: `Tell me of ${topic}.` }]
    const first = await say(model, messages, options)
    messages.push(...first.said, { role: 'user', content: `More of ${topic}.` })
    return [first.text, (await say(model, messages, options)).text]
  }

  it('sends the whole history and no key, and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const openai = providerOf(gateway)
    const conversations = await converse(gateway, topic => twoTurns(openai(model), topic))
    expectKept(conversations)
    for (const [first, second] of conversations) {
      expect(first).toMatchObject({ endpoint: 'responses.create', stream, keys: {}, items: 1 })
      expect(first!.userAgent).toMatch(/^ai(?:\/7\.0\.173|-sdk-openai\/4\.0\.118) /)
      expect([second!.keys, second!.items]).toEqual([{}, 3])
    }
  })

  it('with previousResponseId goes to where the response is stored', async () => {
    const gateway = await gatewayForClient()
    const openai = providerOf(gateway)
    const conversations = await converse(gateway, async topic => {
      const first = await say(openai(model), [{ role: 'user', content: `Tell me of ${topic}.` }])
      const options = { providerOptions: { openai: { previousResponseId: first.id } } }
      const second = await say(openai(model), [{ role: 'user', content: `More of ${topic}.` }], options)
      expect(second.text).toContain('turn 2')
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [, second] of conversations) {
      expect([Object.keys(second!.keys), second!.items]).toEqual([['previous_response_id'], 1])
    }
  })

  it('with a conversation goes to where that is kept', async () => {
    const gateway = await gatewayForClient()
    const openai = providerOf(gateway)
    const conversations = await converse(gateway, async topic => {
      const { id: conversation } = await gateway.sdk().conversations.create()
      const options = { providerOptions: { openai: { conversation } } }
      const first = await say(openai(model), [{ role: 'user', content: `Tell me of ${topic}.` }], options)
      const second = await say(openai(model), [{ role: 'user', content: `More of ${topic}.` }], options)
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [, second] of conversations) {
      expect([Object.keys(second!.keys), second!.items]).toEqual([['conversation'], 1])
    }
  })

  it('with promptCacheKey and store: false asks for encrypted reasoning and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const openai = providerOf(gateway)
    const conversations = await converse(gateway, topic =>
      twoTurns(openai(model), topic, {
        providerOptions: { openai: { promptCacheKey: topic, store: false } },
      }),
    )
    expectKept(conversations)
    for (const [first, second] of conversations) {
      expect(first!.keys).toMatchObject({ store: false, include: ['reasoning.encrypted_content'] })
      expect(second!.keys).toEqual(first!.keys)
      expect(second!.carried).toEqual(['rs', 'encrypted_content'])
    }
  })

  it('of the openai-compatible kind speaks chat and asks for usage, and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const options = { name: 'headgate', apiKey: gateway.key(), baseURL: `${gateway.url}/v1` }
    const compatible = createOpenAICompatible({ ...options, includeUsage: true })
    const conversations = await converse(gateway, topic => twoTurns(compatible(model), topic))
    expectKept(conversations)
    const keys = stream ? { stream_options: { include_usage: true } } : {}
    for (const [, second] of conversations) {
      expect(second).toMatchObject({ endpoint: 'chat.completions', stream, keys, items: 3 })
    }
  })
})
