import { createOpenAI } from '@ai-sdk/openai'
import { ChatOpenAI } from '@langchain/openai'
import { Agent, OpenAIProvider, Runner } from '@openai/agents'
import { streamText } from 'ai'
import OpenAI from 'openai'
import { expect, it } from 'vitest'
import { generations } from '../fixtures/mock-log.ts'
import { inProcessForTest, model } from './fixture.ts'

it('createFetch serves whatever takes a fetch: AI SDK, LangChain, agents', async () => {
  const { fetch, mock } = await inProcessForTest()
  const openai = createOpenAI({ apiKey: 'unused', fetch })
  expect(await streamText({ model: openai(model), prompt: 'one' }).text).toContain('You said: one')

  const chat = new ChatOpenAI({ model, apiKey: 'unused', configuration: { fetch } })
  expect((await chat.invoke('two')).text).toContain('You said: two')

  const modelProvider = new OpenAIProvider({ openAIClient: new OpenAI({ apiKey: 'unused', fetch }) })
  const runner = new Runner({ modelProvider, tracingDisabled: true })
  const { finalOutput } = await runner.run(new Agent({ name: 'assistant', model }), 'three')
  expect(finalOutput).toContain('You said: three')
  expect(generations(mock).map(({ status }) => status)).toEqual([200, 200, 200])
})
