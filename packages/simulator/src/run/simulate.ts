/** Longer than other files: the way of a request, from its arrival to its last token, is told in one place. */
import type { Lease } from '@headgate/scheduler'
import { drawFor } from '../chance.ts'
import { createRecords } from '../measure/records.ts'
import type { Observer, Policy, SimulatedRequest } from '../policies/policy.ts'
import { createEventLoop, type EventLoop, WALL_START_MS } from '../time/event-loop.ts'
import { ownBlocks } from '../workload/session.ts'
import { createIncidents } from '../world/incidents.ts'
import { firstTokenMs, MEAN_PACE } from '../world/latency.ts'
import { createPrefixCache } from '../world/prefix-cache.ts'
import { createUpstream, type Prompt, type Upstream } from '../world/upstream.ts'
import { createGateways, type Gateways, type Stopwatch } from './gateways.ts'
import { createHedges, type Hedges } from './hedges.ts'
import type { Request, Served, Session } from './request.ts'
import { createTelling, type Telling } from './telling.ts'
import type { RunResult, World } from './world.ts'

/** At most so many attempts a request. */
const MOST_ATTEMPTS = 4
/** A client reads an answer before it asks again. */
const READING_MS = 1_000
const SAMPLE_MS = 1_000
/** No session has more turns: each request has a serial of its own. */
const MOST_TURNS = 4096
/** Which draw of a request says where it arrives: a load balancer knows no sessions. */
const GATEWAY = 8

/**
 * Runs one policy in one world. The same world, policy and seed give the same records to the last bit; the stopwatch
 * alone measures real time.
 */
export async function simulate(
  world: World,
  policy: Policy,
  options: { readonly stopwatch?: Stopwatch } = {},
): Promise<RunResult> {
  const run = new Run(world, policy, options.stopwatch)
  await run.finish()
  return { policy: policy.name, world, records: run.records, selectMicros: run.gateways.selectMicros }
}

class Run {
  readonly records = createRecords()
  readonly gateways: Gateways
  readonly #world: World
  readonly #fingerprint: boolean
  readonly #loop: EventLoop
  readonly #upstream: Upstream
  readonly #places: ReadonlyMap<string, number>
  readonly #tenants: readonly string[]
  readonly #telling: Telling
  readonly #hedges: Hedges
  #open = 0

  constructor(world: World, policy: Policy, stopwatch: Stopwatch | undefined) {
    const { accounts, seed, backgroundErrors, gateways: count, staleMs, law } = world
    this.#world = world
    this.#fingerprint = policy.fingerprint
    this.#telling = createTelling(policy.untold)
    this.#loop = createEventLoop()
    this.#places = new Map(accounts.map(({ id }, place) => [id, place]))
    this.#tenants = world.tenants.map(({ name }) => name)
    const incidents = createIncidents(world.incidents, accounts.length)
    this.#upstream = createUpstream(accounts, {
      seed,
      incidents,
      backgroundErrors,
      law,
      wallStartMs: WALL_START_MS,
    })
    const loop = this.#loop
    this.gateways = createGateways({
      ...{ count, policy, accounts, loop, seed, staleMs, law },
      truth: {
        ailmentOf: account => incidents.ailmentOf(account, loop.nowMs),
        tokensLeft: account =>
          this.#upstream.tokenWindow(account, loop.nowMs)?.remaining ?? Number.POSITIVE_INFINITY,
      },
      ...(stopwatch === undefined ? {} : { stopwatch }),
    })
    this.#hedges = createHedges({
      ...{ loop, gateways: this.gateways, mostAttempts: MOST_ATTEMPTS },
      budget: policy.hedgeBudget ?? 0,
      begin: ({ request }, { lease, observer }) => this.#begin(request, lease, observer),
    })
    this.#plan()
  }

  #plan(): void {
    const { sessions, restartsMs, law } = this.#world
    // One session at a time is in the heap before it starts: a hundred thousand would slow every event down.
    const startNext = (place: number): void => {
      const start = sessions[place]
      if (start === undefined) return
      this.#loop.at(start.atMs, () => {
        startNext(place + 1)
        this.#takeTurn({ start, cache: createPrefixCache(law.cacheMs), turn: 0, bound: undefined })
      })
    }
    startNext(0)
    for (const atMs of restartsMs) this.#loop.at(atMs, () => this.gateways.restart())
    this.#sample()
  }

  async finish(): Promise<void> {
    await this.#loop.run(Number.POSITIVE_INFINITY, () => this.gateways.settle())
    if (this.#open !== 0) throw new Error(`${this.#open} requests never ended`)
    const held = this.#world.accounts.reduce((sum, _, place) => sum + this.#upstream.inUse(place), 0)
    if (held !== 0) throw new Error(`${held} slots were never given back`)
  }

  #sample(): void {
    const { atMs, waiting, inUse } = this.records.samples
    atMs.push(this.#loop.nowMs)
    waiting.push(this.gateways.queueDepth)
    inUse.push(this.#world.accounts.reduce((sum, _, place) => sum + this.#upstream.inUse(place), 0))
    const nextMs = this.#loop.nowMs + SAMPLE_MS
    if (nextMs <= this.#world.durationMs) this.#loop.at(nextMs, () => this.#sample())
  }

  #takeTurn(session: Session): void {
    const { start, cache } = session
    const turn = start.template.turns[session.turn]!
    const { seed, gateways } = this.#world
    const nowMs = this.#loop.nowMs
    const blocks = ownBlocks(start, turn)
    const serial = start.serial * MOST_TURNS + session.turn
    const prompt = { serial, cache, blocks, inputTokens: turn.inputTokens, outputTokens: turn.outputTokens }
    const request: Request = {
      session,
      prompt,
      schedule: this.#scheduleRequest(session, prompt),
      gateway: Math.floor(drawFor(seed, serial, 0, GATEWAY) * gateways),
      arrivedMs: nowMs,
      reusableTokens: cache.cachedTokens(-1, blocks, turn.inputTokens, nowMs),
      failedOn: new Set(),
      attempts: 0,
      waitedMs: 0,
      silent: [],
      hedged: false,
      answered: false,
    }
    this.#hedges.requested()
    this.#open++
    this.#attempt(request)
  }

  #scheduleRequest(
    { start, bound }: Session,
    { blocks, inputTokens, outputTokens, cache }: Prompt,
  ): SimulatedRequest {
    const weight = this.#world.tenants.find(({ name }) => name === start.tenant)?.weight
    return this.#telling.request({
      model: 'model',
      tenant: start.tenant,
      prefix: blocks,
      cachedTokens: account => cache.cachedTokens(account, blocks, inputTokens, this.#loop.nowMs),
      inputTokens,
      estimatedTokens: inputTokens + outputTokens,
      ...(start.keyed || this.#fingerprint ? { session: `session-${start.serial}` } : {}),
      ...(weight === undefined ? {} : { tenantWeight: weight }),
      ...(bound === undefined ? {} : { owners: [bound] }),
    })
  }

  #attempt(request: Request): void {
    const { schedule, failedOn, gateway } = request
    this.gateways.acquire(
      gateway,
      failedOn.size === 0 ? schedule : { ...schedule, excluded: failedOn },
      (lease, observer) => this.#begin(request, lease, observer),
      error => this.#fail(request, error),
    )
  }

  #begin(request: Request, lease: Lease, observer: Observer | undefined): void {
    const { prompt, schedule } = request
    const nowMs = this.#loop.nowMs
    const account = this.#places.get(lease.account.id)!
    request.attempts++
    request.waitedMs += lease.waitedMs
    observer?.granted?.(account, schedule)
    const reply = this.#upstream.begin(account, prompt, request.attempts, nowMs)
    const { attempts } = this.records
    attempts.atMs.push(nowMs)
    attempts.account.push(account)
    attempts.ok.push(reply.kind === 'serves')
    if (reply.kind === 'serves') {
      const { cachedTokens } = reply
      const served = { request, lease, observer, account, cachedTokens, beganMs: nowMs, over: false }
      request.silent.push(served)
      this.#loop.at(nowMs + reply.afterMs, () => this.#firstToken(served))
      this.#hedges.later(served)
      return
    }
    this.#loop.at(nowMs + reply.afterMs, () => {
      this.#upstream.end(account)
      observer?.ended?.(account, reply.outcome, schedule)
      const tokens =
        reply.outcome.kind === 'rate_limited'
          ? this.#upstream.tokenWindow(account, this.#loop.nowMs)
          : undefined
      this.#telling.settle(lease, {
        outcome: reply.outcome,
        ...(tokens === undefined ? {} : { limits: { tokens } }),
      })
      request.failedOn.add(lease.account.id)
      // What the other one of a hedge comes to decides.
      if (request.answered || request.silent.length > 0) return
      if (request.attempts >= MOST_ATTEMPTS) this.#fail(request, reply.outcome)
      else this.#attempt(request)
    })
  }

  /** The other one of a hedge was faster: nobody listens any more. */
  #abandon(served: Served): void {
    served.over = true
    this.#upstream.end(served.account)
    this.#hedges.sample(served)
    served.lease[Symbol.dispose]()
  }

  #firstToken(served: Served): void {
    if (served.over) return
    const { request, lease, observer, account, beganMs } = served
    const nowMs = this.#loop.nowMs
    request.answered = true
    for (const other of request.silent) if (other !== served) this.#abandon(other)
    request.silent.length = 0
    this.#hedges.sample(served)
    this.#telling.limits(lease, this.#upstream.tokenWindow(account, nowMs))
    this.#telling.firstToken(lease)
    observer?.firstToken?.(account, nowMs - beganMs, request.schedule)
    this.#bind(request.session, lease)
    const restMs = this.#upstream.firstToken(account, request.prompt, nowMs)
    request.prompt.cache.keep(-1, request.prompt.blocks, request.prompt.inputTokens, nowMs)
    this.#record(request, {
      servedBy: account,
      cachedTokens: served.cachedTokens,
      ttftMs: nowMs - request.arrivedMs,
    })
    this.#loop.at(nowMs + restMs, () => this.#lastToken(served))
  }

  /** What the account stores of a conversation is bound before the client hears of it. */
  #bind(session: Session, lease: Lease): void {
    if (session.start.stored !== true || session.bound !== undefined) return
    session.bound = `conversation:${session.start.serial}`
    void lease.bind([session.bound])
  }

  #lastToken({ request, lease, observer, account, cachedTokens }: Served): void {
    const { inputTokens, outputTokens } = request.prompt
    this.#upstream.end(account)
    observer?.ended?.(account, { kind: 'ok' }, request.schedule)
    this.#telling.settle(lease, {
      outcome: { kind: 'ok' },
      usage: { inputTokens, cachedTokens, outputTokens },
    })
    this.#goOn(request)
  }

  #fail(request: Request, _reason: unknown): void {
    this.#record(request, { servedBy: -1, cachedTokens: 0, ttftMs: Number.NaN })
    this.#goOn(request)
  }

  /** The request is over: the session's next turn comes when the trace says, but not before the client has read. */
  #goOn({ session, arrivedMs }: Request): void {
    this.#open--
    const next = session.start.template.turns[session.turn + 1]
    if (next === undefined) return
    const atMs = Math.max(arrivedMs + next.gapMs, this.#loop.nowMs + READING_MS)
    if (atMs >= this.#world.durationMs) return
    session.turn++
    this.#loop.at(atMs, () => this.#takeTurn(session))
  }

  #record(request: Request, end: { servedBy: number; cachedTokens: number; ttftMs: number }): void {
    const { requests } = this.records
    const { inputTokens } = request.prompt
    const best = { uncached: inputTokens - request.reusableTokens, cached: request.reusableTokens }
    requests.arrivedMs.push(request.arrivedMs)
    requests.served.push(end.servedBy >= 0)
    requests.ttftMs.push(end.ttftMs)
    requests.idealMs.push(firstTokenMs(MEAN_PACE, best, 0, this.#world.law))
    requests.attempts.push(request.attempts)
    requests.waitedMs.push(request.waitedMs)
    requests.account.push(end.servedBy)
    requests.inputTokens.push(inputTokens)
    requests.reusableTokens.push(request.reusableTokens)
    requests.cachedTokens.push(end.cachedTokens)
    requests.tenant.push(this.#tenants.indexOf(request.schedule.tenant ?? ''))
  }
}
