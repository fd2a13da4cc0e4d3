import type { Clock } from '@headgate/scheduler'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { HeaderList } from '../../wire/header-list.ts'
import { GatewayError } from '../errors/errors.ts'
import { type RateState, rateHeaders } from './rate-headers.ts'

/** What a client may do in a minute; each at least 1, absent means unlimited. */
export interface RateLimits {
  readonly requestsPerMinute?: number | undefined
  readonly tokensPerMinute?: number | undefined
}

/** The rates of all clients. */
export interface Rates {
  /**
   * Begins to charge one request to a client. A client's minute begins with its first request, and outlives reloads
   * that leave its limits as they are.
   */
  charge(client: string, limits: RateLimits): RateCharge
  /** Forgets clients that are not named. */
  retain(clients: ReadonlySet<string>): void
}

/** One request as its client's rates see it: counted when it comes, estimated when it is read, corrected at its end. */
export interface RateCharge {
  /** Counts the request. Throws `client_rate_limited`; what is refused costs nothing. */
  request(): Promise<void>
  /**
   * Takes what the request is expected to use; at most a whole minute's tokens, or it could never be let in. Where those are
   * not left, the request is not counted either.
   */
  tokens(estimated: number): Promise<void>
  /**
   * Charges what was really used in the place of the estimate; undefined: nobody said, the estimate stays. What was
   * used beyond it counts now; what was not is given back only within the minute it was taken from.
   */
  settle(used: number | undefined): void
  /** The client's own limits as it should see them, for every answer. */
  readonly headers: HeaderList
}

type Kind = 'requests' | 'tokens'

const windowSeconds = 60

/** Rates kept in memory, by windows of a minute. The limiter reads `Date`; `clock.wallMs` must be the same time. */
export function createRates(clock: Pick<Clock, 'wallMs'>): Rates {
  const clients = new Map<string, ClientRates>()
  return {
    charge(client, limits) {
      let rates = clients.get(client)
      if (rates === undefined || !rates.holds(limits)) {
        rates = new ClientRates(limits)
        clients.set(client, rates)
      }
      return new MemoryCharge(rates, clock)
    },
    retain(names) {
      for (const name of clients.keys()) if (!names.has(name)) clients.delete(name)
    },
  }
}

/** One client's two windows: each is a limiter with one key. */
class ClientRates {
  readonly requests: RateLimiterMemory | undefined
  readonly tokens: RateLimiterMemory | undefined
  readonly #limits: RateLimits

  constructor(limits: RateLimits) {
    this.#limits = limits
    this.requests = limiterOf(limits.requestsPerMinute)
    this.tokens = limiterOf(limits.tokensPerMinute)
  }

  holds({ requestsPerMinute, tokensPerMinute }: RateLimits): boolean {
    return (
      requestsPerMinute === this.#limits.requestsPerMinute && tokensPerMinute === this.#limits.tokensPerMinute
    )
  }
}

function limiterOf(points: number | undefined): RateLimiterMemory | undefined {
  return points === undefined
    ? undefined
    : new RateLimiterMemory({ points, duration: windowSeconds, keyPrefix: '' })
}

class MemoryCharge implements RateCharge {
  readonly #rates: ClientRates
  readonly #clock: Pick<Clock, 'wallMs'>
  readonly #states = new Map<Kind, RateState>()
  #countedUntilMs = 0
  #taken = 0
  #takenUntilMs = 0

  constructor(rates: ClientRates, clock: Pick<Clock, 'wallMs'>) {
    this.#rates = rates
    this.#clock = clock
  }

  get headers(): HeaderList {
    return rateHeaders(this.#states)
  }

  async request(): Promise<void> {
    const counted = await this.#take('requests', 1)
    this.#countedUntilMs = this.#clock.wallMs() + (counted?.msBeforeNext ?? 0)
    const { tokens } = this.#rates
    // So that an answer that comes before the body is read tells both.
    if (tokens !== undefined) this.#see('tokens', tokens, await tokens.get(key))
  }

  async tokens(estimated: number): Promise<void> {
    const { tokens } = this.#rates
    if (tokens === undefined) return
    const taking = Math.min(Math.max(0, Math.ceil(estimated)), tokens.points)
    const { msBeforeNext } = (await this.#take('tokens', taking).catch(error => this.#uncount(error)))!
    this.#taken = taking
    this.#takenUntilMs = this.#clock.wallMs() + msBeforeNext
  }

  /** What is refused costs nothing: the request is given back, within the minute it was counted in. */
  async #uncount(error: unknown): Promise<never> {
    const { requests } = this.#rates
    if (requests !== undefined && this.#clock.wallMs() < this.#countedUntilMs)
      this.#see('requests', requests, await requests.reward(key, 1))
    throw error
  }

  settle(used: number | undefined): void {
    const { tokens } = this.#rates
    if (tokens === undefined || used === undefined) return
    const more = Math.ceil(used) - this.#taken
    this.#taken += more
    if (more > 0) void tokens.penalty(key, more)
    else if (more < 0 && this.#clock.wallMs() < this.#takenUntilMs) void tokens.reward(key, -more)
  }

  async #take(kind: Kind, points: number): Promise<RateLimiterRes | undefined> {
    const limiter = this.#rates[kind]
    if (limiter === undefined) return undefined
    try {
      const state = await limiter.consume(key, points)
      this.#see(kind, limiter, state)
      return state
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error
      // The limiter counts what it refuses; a request too large for what is left must not spend it.
      this.#see(kind, limiter, await limiter.reward(key, points))
      throw new GatewayError('client_rate_limited', {
        values: { limit: limiter.points, what: kind },
        retryAfterMs: Math.max(1, error.msBeforeNext),
      })
    }
  }

  #see(kind: Kind, { points }: RateLimiterMemory, state: RateLimiterRes | null): void {
    const { remainingPoints = points, msBeforeNext = 0 } = state ?? {}
    this.#states.set(kind, { limit: points, remaining: remainingPoints, resetMs: Math.max(0, msBeforeNext) })
  }
}

const key = 'minute'
