import { setImmediate } from 'node:timers/promises'
import type { Account, Clock, Scheduler } from '@headgate/scheduler'
import { createManualClock } from '@headgate/scheduler/memory'
import { createClientLookup, keyDigest } from '../../src/proxy/admission/credentials.ts'
import { createPipeline } from '../../src/proxy/pipeline.ts'
import type { PipelineLimits } from '../../src/proxy/pipeline-deps.ts'
import { type AccountAccess, createPoolAccess, type PoolOptions } from '../../src/proxy/pool-access.ts'
import type { AttemptRecord, RequestRecord } from '../../src/proxy/request-record.ts'
import { silentLog } from '../../src/runtime/log.ts'
import type { HeaderList } from '../../src/wire/header-list.ts'
import { defaultPipelineLimits } from './default-limits.ts'
import { FakeScheduler } from './fake-scheduler.ts'
import { bytesOf, FakeClient, FakeUpstream } from './fake-sides.ts'

export const keyA = 'key-of-team-a-000'
export const keyB = 'key-of-team-b-000'

export interface WorldOptions {
  readonly accounts?: readonly (Partial<Omit<Account, 'models'>> &
    Partial<AccountAccess> & { readonly id: string })[]
  readonly pool?: Partial<PoolOptions>
  readonly limits?: Partial<PipelineLimits>
  readonly concurrency?: number
  readonly onAttempt?: (attempt: AttemptRecord) => void
  /** In the place of the fake one. */
  readonly scheduler?: (accounts: readonly Account[], clock: Clock) => Scheduler
}

/** A pipeline between fakes, and one log of errors, which must stay empty. */
export function createWorld(options: WorldOptions = {}) {
  const given = options.accounts ?? [{ id: 'a' }, { id: 'b' }]
  const clock = createManualClock()
  const upstream = new FakeUpstream()
  const scheduled = given.map(
    ({ models, ...account }, order) => ({ ...account, order, ...(models && { models }) }) as Account,
  )
  const scheduler = new FakeScheduler(scheduled)
  const accounts = given.map(account => ({ ...account, target: targetOf(account.id) }) as AccountAccess)
  const pool = createPoolAccess({
    name: 'default',
    scheduler: options.scheduler?.(scheduled, clock) ?? scheduler.asScheduler(),
    accounts,
    commit: 'hold',
    ...options.pool,
  })
  const access = { tenant: 'team-a', pool: 'default' }
  const clients = createClientLookup([
    { access: { name: 'a', ...access, concurrency: options.concurrency }, digests: [keyDigest(keyA)] },
    {
      access: { ...access, name: 'b', tenant: 'team-b', diagnostics: 'headers' },
      digests: [keyDigest(keyB)],
    },
  ])
  const records: RequestRecord[] = []
  const failures: unknown[] = []
  let requests = 0
  const snapshot = { clients, pools: new Map([['default', pool]]) }
  const pipeline = createPipeline({
    snapshot: () => snapshot,
    upstream,
    clock,
    limits: { ...defaultPipelineLimits, ...options.limits },
    newRequestId: () => `req_${++requests}`,
    onAttempt: options.onAttempt,
    onRequest: record => records.push(record),
    log: { ...silentLog, error: fields => failures.push(fields['error']) },
  })

  function send(client: FakeClient): FakeClient & { done: Promise<void> } {
    return Object.assign(client, { done: pipeline.handle(client, client) })
  }

  return {
    clock,
    upstream,
    scheduler,
    records,
    failures,
    pool,
    pipeline,
    send,
    /** Sends a request with a body, by default to `/v1/responses`, and lets it get as far as it can. */
    async post(body: object, rest: { path?: string; key?: string; headers?: HeaderList } = {}) {
      const { path = '/v1/responses', key = keyA, headers = [] } = rest
      const bytes = bytesOf(JSON.stringify(body))
      const client = new FakeClient(
        'POST',
        path,
        [
          ['authorization', `Bearer ${key}`],
          ['content-type', 'application/json'],
          ['content-length', String(bytes.length)],
          ...headers,
        ],
        bytes,
      )
      const sent = send(client)
      await calm()
      return sent
    },
    async call(method: string, path: string, key = keyA) {
      const sent = send(new FakeClient(method, path, [['authorization', `Bearer ${key}`]]))
      await calm()
      return sent
    },
  }
}

/** Lets everything that can happen now happen. */
export async function calm(): Promise<void> {
  await setImmediate()
  await setImmediate()
}

function targetOf(id: string) {
  return {
    accountId: id,
    baseUrl: `http://${id}.test/v1`,
    headers: [['authorization', `Bearer upstream-${id}`]] as const,
    headersTimeoutMs: 1000,
    idleTimeoutMs: 1000,
  }
}

const event = (data: object & { readonly type: string }): string =>
  `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`

/** A small Responses stream, event by event. */
export function responseEvents(id: string) {
  return {
    created: event({ type: 'response.created', response: { id }, sequence_number: 0 } as never),
    inProgress: event({ type: 'response.in_progress', response: { id }, sequence_number: 1 } as never),
    item: event({ type: 'response.output_item.added', sequence_number: 2 } as never),
    delta: event({ type: 'response.output_text.delta', delta: `é ${id}`, sequence_number: 3 } as never),
    completed: event({
      type: 'response.completed',
      sequence_number: 4,
      response: { id, usage: { input_tokens: 7, output_tokens: 2 } },
    } as never),
    failed: (code: string) =>
      event({
        type: 'response.failed',
        sequence_number: 4,
        response: { id, error: { code, message: 'm' } },
      } as never),
  }
}

/** A small chat stream. */
export function chatEvents(id = 'c') {
  const chunk = (delta: object) => `data: ${JSON.stringify({ id, choices: [{ index: 0, delta }] })}\n\n`
  return {
    role: chunk({ role: 'assistant', content: '' }),
    text: chunk({ content: 'é' }),
    done: 'data: [DONE]\n\n',
  }
}
