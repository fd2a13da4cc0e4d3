/**
 * Every route with an id in its path, and every kind of id that is not the asker's: one answer of its kind, to the
 * byte, and no upstream hears of it. The routes are those of the table itself, so that a new one is in here.
 */
import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { toFile } from 'openai'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OwnerKind } from '../../src/proxy/ownership/owner-key.ts'
import type { ObjectOperation } from '../../src/proxy/routing/operation.ts'
import { routeTable } from '../../src/proxy/routing/route-table.ts'
import { startGateway, type TestGateway } from '../fixtures/gateway.ts'

type PathKind = Exclude<OwnerKind, 'encrypted'>
type Ids = Readonly<Record<PathKind, string>>

interface Row {
  readonly method: string
  readonly pattern: string
  readonly operation: ObjectOperation
  /** Which id of the path is the wrong one; those before it are the asker's own. */
  readonly at: number
}

const rows: readonly Row[] = routeTable.flatMap(({ pattern, methods }) =>
  Object.entries(methods).flatMap(([method, operation]) =>
    operation !== 'list' && operation.kind === 'object'
      ? operation.owners.map((_kind, at): Row => ({ method, pattern, operation, at }))
      : [],
  ),
)

const model = 'gpt-5.1'

/** One of everything, made by a client through the gateway. */
async function makeOne(gateway: TestGateway, client: string): Promise<Ids> {
  const sdk = gateway.sdk(client)
  const file = await sdk.files.create({ file: await toFile(Buffer.from('{}'), 'x'), purpose: 'batch' })
  const messages = [{ role: 'user' as const, content: 'x' }]
  const conversation = await sdk.conversations.create()
  const items = [{ type: 'message', role: 'user', content: 'x' }] as const
  const made = await sdk.conversations.items.create(conversation.id, { items: [...items] })
  const batch = { input_file_id: file.id, endpoint: '/v1/responses', completion_window: '24h' } as const
  return {
    response: (await sdk.responses.create({ model, input: 'x' })).id,
    conversation: conversation.id,
    item: (made.data[0] as { readonly id: string }).id,
    file: file.id,
    vector_store: (await sdk.vectorStores.create({ file_ids: [file.id] })).id,
    container: (await sdk.containers.create({ name: 'x' })).id,
    batch: (await sdk.batches.create(batch)).id,
    chat_completion: (await sdk.chat.completions.create({ model, messages, store: true })).id,
  }
}

/** One of everything that the account has made, and that never came through the gateway. */
async function makeUpstream(gateway: TestGateway, upstreamUrl: string): Promise<Ids> {
  const headers = { authorization: `Bearer ${gateway.upstreamKey('a1')}`, 'content-type': 'application/json' }
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${upstreamUrl}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    })
    return (await answer.json()) as { readonly id: string; readonly data?: readonly { id: string }[] }
  }
  const form = new FormData()
  form.set('purpose', 'batch')
  form.set('file', new Blob(['{}']), 'x')
  const { authorization } = headers
  const upload = await fetch(`${upstreamUrl}/files`, {
    method: 'POST',
    headers: { authorization },
    body: form,
  })
  const file = ((await upload.json()) as { id: string }).id
  const conversation = (await post('/conversations', {})).id
  const items = { items: [{ type: 'message', role: 'user', content: 'x' }] }
  const batch = { input_file_id: file, endpoint: '/v1/responses', completion_window: '24h' }
  const messages = [{ role: 'user', content: 'x' }]
  return {
    response: (await post('/responses', { model, input: 'x' })).id,
    conversation,
    item: (await post(`/conversations/${conversation}/items`, items)).data![0]!.id,
    file,
    vector_store: (await post('/vector_stores', {})).id,
    container: (await post('/containers', { name: 'x' })).id,
    batch: (await post('/batches', batch)).id,
    chat_completion: (await post('/chat/completions', { model, messages, store: true })).id,
  }
}

/** The ids of others and of nobody, in every way that an id can be wrong. */
const wrongIds: Readonly<Record<string, (kind: PathKind) => string>> = {
  unknown: kind => `${kind.slice(0, 4)}_0123456789abcdef`,
  'of another tenant': kind => victim[kind],
  'of an account, never told by the gateway': kind => raw[kind],
  deleted: kind => deleted[kind],
  'of another kind': kind => (kind === 'response' ? own.file : own.response),
  'with a dot': kind => `${kind}.1`,
  'that is a dot segment': () => '..',
  'with a plus': () => 'resp+1',
  'of 129 characters': () => 'a'.repeat(129),
  'of ten thousand characters': () => 'b'.repeat(10_000),
}

let gateway: TestGateway
let own: Ids
let victim: Ids
let raw: Ids
let deleted: Ids

beforeAll(async () => {
  gateway = await startGateway({
    accounts: [{ id: 'a1' }],
    clients: [
      { name: 'asker', batches: true },
      { name: 'victim', batches: true },
    ],
  })
  own = await makeOne(gateway, 'asker')
  victim = await makeOne(gateway, 'victim')
  raw = await makeUpstream(gateway, gateway.upstreamUrl)
  deleted = await makeOne(gateway, 'asker')
  await deleteAll(gateway, deleted)
})

afterAll(() => gateway.close())

async function deleteAll(from: TestGateway, ids: Ids): Promise<void> {
  const sdk = from.sdk('asker')
  await sdk.responses.delete(ids.response)
  await sdk.conversations.items.delete(ids.item, { conversation_id: ids.conversation })
  await sdk.conversations.delete(ids.conversation)
  await sdk.vectorStores.delete(ids.vector_store)
  await sdk.containers.delete(ids.container)
  await sdk.files.delete(ids.file)
  await sdk.chat.completions.delete(ids.chat_completion)
}

/** A request whose path is sent as it is: `fetch` would mend it. */
async function call(
  method: string,
  path: string,
  body: string | undefined,
): Promise<{ readonly status: number | undefined; readonly body: string }> {
  const headers = { authorization: `Bearer ${gateway.key('asker')}`, 'content-type': 'application/json' }
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  request({ port: gateway.port, method, path, headers, agent: false }, resolve).on('error', reject).end(body)
  const answer = await promise
  return { status: answer.statusCode, body: await text(answer) }
}

async function answerTo({ method, pattern, operation, at }: Row, wrong: string): Promise<string> {
  let index = 0
  const path = pattern.replace(/\{[^}]+\}/g, () => {
    const kind = operation.owners[index] as PathKind
    return index++ === at ? wrong : own[kind]
  })
  const body = operation.body === 'none' ? undefined : JSON.stringify({ file_id: own.file, items: [] })
  const answer = await call(method, path, body)
  // What is told apart by design: the request's own id, and what was asked for.
  const shown = wrong.length > 100 ? `${wrong.slice(0, 97)}...` : wrong
  return `${answer.status} ${answer.body.replace(/req_[0-9a-f]{32}/, 'REQ').replace(shown, 'ID')}`
}

describe.each(rows)('$method $pattern, id $at', row => {
  const kind = row.operation.owners[row.at] as PathKind

  it('answers every wrong id alike, and asks nobody', async () => {
    const before = gateway.mock.requests().length
    const answers = new Map<string, string>()
    for (const [name, idOf] of Object.entries(wrongIds)) {
      // A batch cannot be deleted.
      if (name === 'deleted' && kind === 'batch') continue
      answers.set(name, await answerTo(row, idOf(kind)))
    }
    const [first] = answers.values()
    expect(first).toMatch(/^404 \{"error":\{"message":"[^"]*ID/)
    for (const [name, answer] of answers) expect([name, answer]).toEqual([name, first])
    expect(gateway.mock.requests().length).toBe(before)
  })
})
