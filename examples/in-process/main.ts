// Two accounts behind the OpenAI SDK of one program, with no gateway in between.
import { createMockUpstream } from '@headgate/mock-upstream'
import { createFetch, explain } from 'headgate'
import OpenAI from 'openai'

const upstream = await createMockUpstream({
  accounts: { 'sk-first': { name: 'first' }, 'sk-second': { name: 'second' } },
})
// Without a mock: { id: 'first', apiKey: process.env.OPENAI_KEY_1, concurrency: 8 } and nothing else.
const onMock = {
  kind: 'openai-compatible',
  baseUrl: `${upstream.url}/v1`,
  allowPrivate: true,
  capabilities: { storedResponses: true },
} as const

const fetch = createFetch({
  accounts: [
    { ...onMock, id: 'first', apiKey: 'sk-first', concurrency: 8, priority: 1 },
    { ...onMock, id: 'second', apiKey: 'sk-second', concurrency: 8, priority: 2 },
  ],
  pools: { default: { scheduler: { topK: 1 } } },
})
const client = new OpenAI({ apiKey: 'unused', fetch })

// The preferred account answers its next request with 503: the program does not notice.
upstream.control.fault({ account: 'first', times: 1, fault: { kind: 'status', status: 503 } })
const hello = await client.responses.create({ model: 'gpt-5.1', input: 'Good morning' }).withResponse()
console.log(`${hello.response.headers.get('x-headgate-attempts')} attempts. ${hello.data.output_text}`)

// The first account is well and preferred, but the conversation is stored at the second.
const again = { model: 'gpt-5.1', input: 'And again', previous_response_id: hello.data.id }
const reply = await client.responses.create(again).withResponse()
console.log(`${reply.response.headers.get('x-headgate-attempts')} attempt. ${reply.data.output_text}`)

let events = 0
for await (const event of await client.responses.create({ ...again, stream: true })) {
  if (event.type === 'response.output_text.delta') events++
}
console.log(events > 0 ? 'A stream arrives in pieces.' : 'No stream.')

const decision = Number(reply.response.headers.get('x-headgate-decision'))
const { sentences } = explain(fetch.schedulers().get('default')!.decision(decision)!)
console.log(sentences[0])

await fetch.close()
await upstream.close()
