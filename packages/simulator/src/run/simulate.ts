import type { Lease } from '@headgate/scheduler'
import type { Observer, Policy } from '../policies/policy.ts'
import { createEventLoop, type EventLoop, WALL_START_MS } from '../time/event-loop.ts'
import { createIncidents } from '../world/incidents.ts'
import { createUpstream, type Upstream } from '../world/upstream.ts'
import { createGateways, type Gateways, type Stopwatch } from './gateways.ts'
import { createHedges, type Hedges } from './hedges.ts'
import { createRecording, type Recording } from './recording.ts'
import type { Request, Served, Session } from './request.ts'
import { createTelling, type Telling } from './telling.ts'
import { createTurns, type Turns } from './turns.ts'
import type { RunResult, World } from './world.ts'

/** At most so many attempts a request. */
const MOST_ATTEMPTS = 4
/** A client reads an answer before it asks again. */
const READING_MS = 1_000
const SAMPLE_MS = 1_000

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
  return {
    policy: policy.name,
    world,
    records: run.recording.records,
    selectMicros: run.gateways.selectMicros,
  }
}

class Run {
  readonly recording: Recording
  readonly gateways: Gateways
  readonly #world: World
  readonly #loop: EventLoop
  readonly #upstream: Upstream
  readonly #places: ReadonlyMap<string, number>
  readonly #telling: Telling
  readonly #turns: Turns
  readonly #hedges: Hedges
  #open = 0

  constructor(world: World, policy: Policy, stopwatch: Stopwatch | undefined) {
    const { accounts, seed, backgroundErrors, gateways: count, staleMs, law } = world
    this.#world = world
    this.recording = createRecording(world)
    this.#telling = createTelling(policy.untold)
    this.#loop = createEventLoop()
    const loop = this.#loop
    this.#turns = createTurns({
      ...{ world, fingerprint: policy.fingerprint, telling: this.#telling },
      nowMs: () => loop.nowMs,
    })
    this.#places = new Map(accounts.map(({ id }, place) => [id, place]))
    const incidents = createIncidents(world.incidents, accounts.length)
    this.#upstream = createUpstream(accounts, {
      seed,
      incidents,
      backgroundErrors,
      law,
      wallStartMs: WALL_START_MS,
    })
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
    const { sessions, restartsMs } = this.#world
    // One session at a time is in the heap before it starts: a hundred thousand would slow every event down.
    const startNext = (place: number): void => {
      const start = sessions[place]
      if (start === undefined) return
      this.#loop.at(start.atMs, () => {
        startNext(place + 1)
        this.#takeTurn(this.#turns.open(start))
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
    const { nowMs } = this.#loop
    const inUse = this.#world.accounts.reduce((sum, _, place) => sum + this.#upstream.inUse(place), 0)
    this.recording.pool(nowMs, this.gateways.queueDepth, inUse)
    const nextMs = nowMs + SAMPLE_MS
    if (nextMs <= this.#world.durationMs) this.#loop.at(nextMs, () => this.#sample())
  }

  #takeTurn(session: Session): void {
    this.#hedges.requested()
    this.#open++
    this.#attempt(this.#turns.request(session))
  }

  #attempt(request: Request): void {
    const { schedule, failedOn, gateway } = request
    this.gateways.acquire(
      gateway,
      failedOn.size === 0 ? schedule : { ...schedule, excluded: failedOn },
      (lease, observer) => this.#begin(request, lease, observer),
      () => this.#fail(request),
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
    this.recording.attempt(nowMs, account, reply.kind === 'serves')
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
      if (request.attempts >= MOST_ATTEMPTS) this.#fail(request)
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
    this.recording.ended(request, {
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

  #fail(request: Request): void {
    this.recording.ended(request, { servedBy: -1, cachedTokens: 0, ttftMs: Number.NaN })
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
}
