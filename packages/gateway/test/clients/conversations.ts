import diagnostics from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { MockControl } from '@headgate/mock-upstream'
import { expect, onTestFinished } from 'vitest'
import { gatewayForTest, type TestGateway } from '../fixtures/gateway.ts'
import { generations } from '../fixtures/mock-log.ts'

export const model = 'gpt-5.1'

/** So many conversations that all of them on one account of three would be chance once in a thousand runs at most. */
const topics = ['apples', 'bridges', 'clouds', 'dunes', 'embers', 'fjords', 'glass', 'harbours']

const capabilities = { storedResponses: true, conversations: true }
/** So many slots that no account is crowded: a conversation of a few words would leave for one that is less so. */
const accounts = ['a1', 'a2', 'a3'].map(id => ({ id, config: { capabilities, concurrency: 100 } }))

/** A gateway whose mock remembers what clients really send. Fails the test when anything leaves this machine. */
export async function gatewayForClient(): Promise<TestGateway> {
  const away = remotePeers()
  onTestFinished(() => expect([...away]).toEqual([]))
  return await gatewayForTest({ mock: { captureBodies: true }, accounts })
}

/** One turn as an account saw it. */
export interface SeenTurn {
  readonly account: string | null
  readonly endpoint: string
  readonly stream: boolean
  readonly userAgent: string | undefined
  /** What of the body can tie a turn to the one before, or says how it is kept; empty lists are left out. */
  readonly keys: Readonly<Record<string, unknown>>
  /** Items or messages sent. */
  readonly items: number
  /** What of those only their maker can read: the prefixes of item ids, and `encrypted_content`. */
  readonly carried: readonly string[]
}

interface Item {
  readonly id?: string
  readonly encrypted_content?: string
}

/** Holds a conversation of two turns about each topic, all at once; answers what was seen of each. */
export async function converse(
  gateway: TestGateway,
  talk: (topic: string) => Promise<readonly string[]>,
): Promise<readonly (readonly SeenTurn[])[]> {
  const replies = await Promise.all(topics.map(talk))
  for (const [index, [first, second]] of replies.entries()) {
    expect(first).toContain(topics[index])
    expect(second).toContain(topics[index])
  }
  const seen = topics.map(topic => turnsAbout(gateway.mock, topic))
  expect(seen.map(({ length }) => length)).toEqual(topics.map(() => 2))
  return seen
}

/** That every conversation kept to one account, and that there was a choice. */
export function expectKept(conversations: readonly (readonly SeenTurn[])[]): void {
  for (const [first, second] of conversations) expect(second!.account).toBe(first!.account)
  expect(new Set(conversations.map(([first]) => first!.account)).size).toBeGreaterThan(1)
}

const keyFields = [
  'previous_response_id',
  'conversation',
  'prompt_cache_key',
  'safety_identifier',
  'user',
  'store',
  'include',
  'stream_options',
]

const says = (value: unknown): boolean => value !== undefined && !(Array.isArray(value) && value.length === 0)

function turnsAbout(mock: MockControl, topic: string): SeenTurn[] {
  return generations(mock)
    .filter(({ body }) => body?.includes(topic))
    .map(({ account, endpoint, stream, headers, body }) => {
      const sent = JSON.parse(body!) as Record<string, unknown>
      const given = sent['input'] ?? sent['messages']
      const items = Array.isArray(given) ? (given as Item[]) : [{}]
      return {
        account,
        endpoint,
        stream,
        userAgent: headers['user-agent'],
        keys: Object.fromEntries(keyFields.filter(key => says(sent[key])).map(key => [key, sent[key]])),
        items: items.length,
        carried: items.flatMap(({ id, encrypted_content: content }) => [
          ...(id === undefined ? [] : [id.split('_')[0]!]),
          ...(content === undefined ? [] : ['encrypted_content']),
        ]),
      }
    })
}

/** The addresses and names outside this machine that sockets of this process try to reach while the test runs. */
function remotePeers(): ReadonlySet<string> {
  const peers = new Set<string>()
  const see = (peer: string): void => {
    if (!/^(?:127\.|::1$|localhost$)/.test(peer)) peers.add(peer)
  }
  const onSocket = (message: unknown): void => {
    const { socket } = message as { readonly socket: Socket }
    socket.on('lookup', (_error, _address, _family, host) => see(host))
    socket.on('connectionAttempt', see)
  }
  diagnostics.subscribe('net.client.socket', onSocket)
  onTestFinished(() => {
    diagnostics.unsubscribe('net.client.socket', onSocket)
  })
  return peers
}
