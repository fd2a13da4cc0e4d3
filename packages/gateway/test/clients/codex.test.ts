import { expect, it } from 'vitest'
import type { TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'
import { converse, expectKept, gatewayForClient, model } from './conversations.ts'

/** One item of `input` or `output`; only what this client looks at. */
interface Item {
  readonly type: string
  readonly encrypted_content?: string
  readonly content?: readonly { readonly text: string }[]
}

const message = (text: string): Item & { readonly role: string } => ({
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text } as { text: string }],
})

/** What Codex sends: the whole conversation each turn, nothing stored, the session in the body and in headers. */
async function turn(gateway: TestGateway, session: string, input: readonly object[]): Promise<Item[]> {
  const response = await gateway.fetch('/v1/responses', {
    json: {
      model,
      instructions: 'You are a coding agent.',
      input,
      tools: [],
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: session,
      client_metadata: { 'x-codex-installation-id': 'f0e1' },
    },
    headers: {
      accept: 'text/event-stream',
      originator: 'codex_cli_rs',
      'user-agent': 'codex_cli_rs/0.169.0 (Linux; x86_64)',
      'session-id': session,
      'thread-id': session,
      // Names the thread: the same for every request of it.
      'x-client-request-id': session,
      'x-codex-window-id': `${session}:0`,
      'x-codex-turn-metadata': JSON.stringify({ workspace: '/home/someone/secret-project' }),
    },
  })
  expect(response.status).toBe(200)
  const completed = /^event: response\.completed\ndata: (.*)$/m.exec(await response.text())
  return JSON.parse(completed![1]!).response.output as Item[]
}

const textOf = (output: readonly Item[]): string =>
  output.flatMap(({ content = [] }) => content.map(({ text }) => text)).join('')

it('the way Codex speaks keeps its account, by which alone its reasoning can be read', async () => {
  const gateway = await gatewayForClient()
  const conversations = await converse(gateway, async topic => {
    const session = `0199-${topic}`
    const history: object[] = [message(`Tell me of ${topic}.`)]
    const first = await turn(gateway, session, history)
    expect(first.map(({ type }) => type)).toEqual(['reasoning', 'message'])
    expect(first[0]!.encrypted_content).toMatch(/./)
    history.push(...first, message(`More of ${topic}.`))
    return [textOf(first), textOf(await turn(gateway, session, history))]
  })
  expectKept(conversations)
  for (const [, second] of conversations) {
    expect(second).toMatchObject({
      items: 4,
      carried: ['rs', 'encrypted_content', 'msg'],
      keys: { store: false, include: ['reasoning.encrypted_content'] },
    })
  }
})

it('its headers stay here: neither the session nor the workspace is told upstream', async () => {
  const gateway = await gatewayForClient()
  await turn(gateway, '0199-here', [message('Hello.')])
  const { headers } = generations(gateway.mock)[0]!
  expect(headers['user-agent']).toMatch(/^codex_cli_rs/)
  expect(JSON.stringify(headers)).not.toMatch(/secret-project|session-id|thread-id|x-codex/)
})
