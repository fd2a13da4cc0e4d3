import type OpenAI from 'openai'
import { describe, expect, it } from 'vitest'
import { converse, expectKept, gatewayForClient, model } from './conversations.ts'

type Create = Omit<OpenAI.Responses.ResponseCreateParamsNonStreaming, 'stream'>
type Messages = OpenAI.ChatCompletionMessageParam[]

describe.each([false, true])('openai (stream: %s)', stream => {
  async function respond(sdk: OpenAI, body: Create): Promise<{ id: string; text: string }> {
    if (!stream) {
      const { id, output_text } = await sdk.responses.create({ model, ...body })
      return { id, text: output_text }
    }
    const { id, output_text } = await sdk.responses.stream({ model, ...body }).finalResponse()
    return { id, text: output_text }
  }

  async function chat(sdk: OpenAI, messages: Messages): Promise<string> {
    if (!stream) {
      return (await sdk.chat.completions.create({ model, messages })).choices[0]!.message.content!
    }
    const options = { stream: true, stream_options: { include_usage: true } } as const
    let text = ''
    let totalTokens = 0
    for await (const chunk of await sdk.chat.completions.create({ model, messages, ...options })) {
      text += chunk.choices[0]?.delta.content ?? ''
      totalTokens = chunk.usage?.total_tokens ?? totalTokens
    }
    expect(totalTokens).toBeGreaterThan(0)
    return text
  }

  it('with previous_response_id goes to where the response is stored', async () => {
    const gateway = await gatewayForClient()
    const sdk = gateway.sdk()
    const conversations = await converse(gateway, async topic => {
      const first = await respond(sdk, { input: `Tell me of ${topic}.` })
      const second = await respond(sdk, { input: `More of ${topic}.`, previous_response_id: first.id })
      expect(second.text).toContain('turn 2')
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [first, second] of conversations) {
      expect(first!.userAgent).toMatch(/^OpenAI\/JS 7\.57\.0/)
      expect(first).toMatchObject({ endpoint: 'responses.create', stream, keys: {} })
      expect(Object.keys(second!.keys)).toEqual(['previous_response_id'])
    }
  })

  it('with a conversation goes to where that is kept', async () => {
    const gateway = await gatewayForClient()
    const sdk = gateway.sdk()
    const conversations = await converse(gateway, async topic => {
      const { id } = await sdk.conversations.create()
      const first = await respond(sdk, { input: `Tell me of ${topic}.`, conversation: id })
      const second = await respond(sdk, { input: `More of ${topic}.`, conversation: { id } })
      const { data: items } = await sdk.conversations.items.list(id)
      expect(items).toHaveLength(4)
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [, second] of conversations) expect(Object.keys(second!.keys)).toEqual(['conversation'])
  })

  it('with prompt_cache_key and nothing stored keeps its account', async () => {
    const gateway = await gatewayForClient()
    const sdk = gateway.sdk()
    const conversations = await converse(gateway, async topic => {
      const keys = { store: false, prompt_cache_key: `about-${topic}` }
      const first = await respond(sdk, { input: `Tell me of ${topic}.`, ...keys })
      const second = await respond(sdk, { input: `More of ${topic}.`, ...keys })
      return [first.text, second.text]
    })
    expectKept(conversations)
    for (const [first, second] of conversations) expect(second!.keys).toEqual(first!.keys)
  })

  it('with chat and its whole history sends no key, and keeps its account', async () => {
    const gateway = await gatewayForClient()
    const sdk = gateway.sdk()
    const conversations = await converse(gateway, async topic => {
      const messages: Messages = [{ role: 'user', content: `Tell me of ${topic}.` }]
      const first = await chat(sdk, messages)
      messages.push({ role: 'assistant', content: first }, { role: 'user', content: `More of ${topic}.` })
      return [first, await chat(sdk, messages)]
    })
    expectKept(conversations)
    const keys = stream ? { stream_options: { include_usage: true } } : {}
    for (const [, second] of conversations) {
      expect(second).toMatchObject({ endpoint: 'chat.completions', stream, keys, items: 3 })
    }
  })
})
