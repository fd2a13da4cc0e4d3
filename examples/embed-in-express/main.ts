// The proxy over two accounts of a mock upstream: a failure nobody sees, a session that stays, a client that leaves.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createMockUpstream } from '@headgate/mock-upstream'
import { balancedProfile, type Clock, createScheduler } from '@headgate/scheduler'
import { createMemoryAccounts, createMemoryBindings, createMemorySlots } from '@headgate/scheduler/memory'
import OpenAI from 'openai'
import { createProxy } from './proxy.ts'

const upstream = await createMockUpstream({
  accounts: { 'sk-1': { name: 'one' }, 'sk-2': { name: 'two' } },
})
const clock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs)
    return () => clearTimeout(timer)
  },
}
const scheduler = createScheduler({
  profile: balancedProfile(),
  accounts: createMemoryAccounts([
    { id: 'one', order: 0, concurrency: 8 },
    { id: 'two', order: 1, concurrency: 8 },
  ]),
  slots: createMemorySlots(),
  bindings: createMemoryBindings({ clock }),
  clock,
  random: { next64: out => out.set(crypto.getRandomValues(new Uint32Array(2))) },
})
const baseUrl = `${upstream.url}/v1`
const app = createProxy(scheduler, {
  one: { baseUrl, apiKey: 'sk-1' },
  two: { baseUrl, apiKey: 'sk-2' },
})
const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const { port } = server.address() as AddressInfo
const client = new OpenAI({ apiKey: 'unused', baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0 })

const slotsInUse = (): number => scheduler.accounts().reduce((sum, { inUse }) => sum + inUse, 0)
const model = 'gpt-5.1'
const messages = [{ role: 'user' as const, content: 'Good morning' }]

upstream.control.fault({ times: 1, fault: { kind: 'status', status: 503 } })
const hello = await client.chat.completions.create({ model, messages })
console.log(`${upstream.control.requests().length} attempts: ${hello.choices[0]!.message.content}`)

const speakers = new Set<string | null>()
for (let count = 0; count < 5; count++) {
  const headers = { 'x-session-id': 'agent-7' }
  const { choices } = await client.chat.completions.create({ model, messages }, { headers })
  speakers.add(choices[0]!.message.content)
}
console.log(`A session was served by ${speakers.size} account.`)

for (const account of ['one', 'two']) {
  upstream.control.setProfile(account, { outputTokens: 100_000, tokensPerSecond: 50 })
}
const stream = await client.chat.completions.create({ model, messages, stream: true })
for await (const { choices } of stream) {
  if (choices[0]?.delta.content) break
}
while (slotsInUse() > 0) await new Promise(resolve => setImmediate(resolve))
const [newest] = scheduler.decisions(1)
console.log(`A client left in the middle of a stream; its slot is free: ${newest!.outcome}.`)

server.close()
server.closeAllConnections()
scheduler.close()
await upstream.close()
