// A streaming proxy for chat completions: Express takes the requests, the scheduler finds the accounts.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { isSchedulerError, type Lease, type Outcome, type Scheduler } from '@headgate/scheduler'
import express, { type Express, type Request, type Response } from 'express'

/** Where an account is, and with what key. */
export interface Upstream {
  readonly baseUrl: string
  readonly apiKey: string
}

/** `POST /v1/chat/completions` over the accounts of a scheduler; `upstreams` has an entry for each account's id. */
export function createProxy(scheduler: Scheduler, upstreams: Readonly<Record<string, Upstream>>): Express {
  const app = express()
  app.use(express.json({ limit: '4mb' }))
  app.post('/v1/chat/completions', async (request, response) => {
    // The client that leaves takes its place in the queue, its slot and the upstream's work with it.
    const left = new AbortController()
    response.on('close', () => left.abort())
    const tried = new Set<string>()
    for (;;) {
      try {
        using lease = await scheduler.acquire(scheduleRequest(request, tried), { signal: left.signal })
        const upstream = upstreams[lease.account.id]!
        if (await relay(request, response, { lease, upstream, signal: left.signal })) return
        tried.add(lease.account.id)
      } catch (error) {
        if (!response.destroyed) refuse(response, error)
        return
      }
    }
  })
  return app
}

function scheduleRequest(request: Request, tried: ReadonlySet<string>) {
  const session = request.get('x-session-id')
  return {
    model: String(request.body?.model ?? ''),
    // Decisions keep the request they were made for: a new set each time.
    excluded: new Set(tried),
    ...(session !== undefined && { session: createHash('sha256').update(session).digest('hex') }),
  }
}

interface Attempt {
  readonly lease: Lease
  readonly upstream: Upstream
  readonly signal: AbortSignal
}

/** One attempt. False when the account failed before the client heard anything: another one may be asked. */
async function relay(request: Request, response: Response, attempt: Attempt): Promise<boolean> {
  const { lease, signal } = attempt
  const outcome = await exchange(request, response, attempt).catch((): Outcome => {
    return { kind: signal.aborted ? 'client_abort' : 'transport_error' }
  })
  lease.settle({ outcome })
  if (outcome.kind === 'ok' || outcome.kind === 'client_error') response.end()
  else if (signal.aborted) return true
  else if (response.headersSent) response.destroy()
  return response.headersSent
}

async function exchange(request: Request, response: Response, attempt: Attempt): Promise<Outcome> {
  const { lease, upstream, signal } = attempt
  const answer = await fetch(`${upstream.baseUrl}/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${upstream.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(request.body),
    signal,
  })
  const outcome = outcomeOf(answer.status)
  // An account's failure is not the client's to see while another account may do better.
  if (outcome.kind !== 'ok' && outcome.kind !== 'client_error') {
    await answer.body?.cancel()
    return outcome
  }
  for await (const chunk of answer.body!) {
    if (!response.headersSent) {
      response.status(answer.status).type(answer.headers.get('content-type') ?? 'application/json')
      if (outcome.kind === 'ok') lease.firstToken()
    }
    // A slow client slows its upstream.
    if (!response.write(chunk)) await once(response, 'drain', { signal })
  }
  return outcome
}

function outcomeOf(status: number): Outcome {
  if (status < 300) return { kind: 'ok' }
  if (status === 429) return { kind: 'rate_limited' }
  if (status === 401 || status === 403) return { kind: 'auth_broken' }
  if (status === 503 || status === 529) return { kind: 'overloaded' }
  return { kind: status < 500 ? 'client_error' : 'server_error' }
}

function refuse(response: Response, error: unknown): void {
  if (!isSchedulerError(error)) throw error
  const status = error.code === 'queue_full' ? 429 : error.code === 'model_unsupported' ? 404 : 503
  if (error.retryAfterMs !== undefined) response.set('retry-after', `${Math.ceil(error.retryAfterMs / 1000)}`)
  const { code, message } = error
  response.status(status).json({ error: { message, type: 'server_error', param: null, code } })
}
