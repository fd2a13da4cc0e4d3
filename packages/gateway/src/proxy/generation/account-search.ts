import {
  type AccountState,
  isSchedulerError,
  type Lease,
  type ScheduleRequest,
  type SchedulerError,
} from '@headgate/scheduler'
import type { ClientAccess } from '../admission/credentials.ts'
import type { AttemptEnd } from '../attempt/attempt.ts'
import { GatewayError } from '../errors/errors.ts'
import { isFault, modelNotFound, schedulerRefusal } from '../errors/scheduler-refusal.ts'
import type { AccountAccess, Capability } from '../pool-access.ts'
import type { CreateFacts } from '../request/request-check.ts'
import { accountOf, nearestModels, type RoutedExchange } from '../request-exchange.ts'
import type { Generation } from '../routing/operation.ts'
import type { Route } from '../routing/route.ts'
import { Owners } from './owners.ts'
import { servingStates } from './serving-accounts.ts'
import type { TokenEstimate } from './token-estimates.ts'

/** A request that makes a model work. */
export type GenerationExchange = RoutedExchange<Route<Generation>>

/** An attempt that said nothing to the client. */
type Failed = AttemptEnd & { readonly kind: 'failed' }

/** What a request asks an account for, and what it names; model `''` is served by all. */
type Wanted = Pick<CreateFacts, 'model' | 'references'>

/** What the scheduler is told beside what the body says. */
export interface SearchKeys {
  readonly session: string | undefined
  readonly tokens: TokenEstimate
  /** The answer comes whole: no first token will be told. */
  readonly whole: boolean
  /** What an account must be able to do. */
  readonly needs: readonly Capability[]
  /** Hard keys that have been looked up already. */
  readonly owners: readonly string[]
}

/** One request's way through the accounts of its pool: asks for the next, remembers the last that failed. */
export class AccountSearch {
  readonly #exchange: RoutedExchange
  readonly #facts: Wanted
  readonly #request: ScheduleRequest
  #excluded: ReadonlySet<string> | undefined
  #last: Failed | undefined
  #failures = 0
  readonly #owners: Owners
  readonly #needs: readonly Capability[]

  constructor(exchange: RoutedExchange, facts: Wanted, keys: SearchKeys) {
    this.#exchange = exchange
    this.#facts = facts
    this.#needs = keys.needs
    const { client, pool } = exchange
    const { model } = facts
    const excluded = pool.incapable(keys.needs)
    this.#owners = new Owners(exchange, facts.references)
    this.#request = {
      tenant: client.tenant,
      model,
      transport: 'http_sse',
      ...standing(client),
      inputTokens: keys.tokens.input,
      estimatedTokens: keys.tokens.total,
      ...(keys.whole ? { whole: true } : {}),
      ...(keys.session === undefined ? {} : { session: keys.session }),
      ...(keys.owners.length === 0 ? {} : { owners: keys.owners }),
      ...(excluded === undefined ? {} : { excluded }),
    }
  }

  /** The next account with a slot of it in hand. Throws what the client is to be told when there is none. */
  async next(): Promise<{ lease: Lease; account: AccountAccess }> {
    for (;;) {
      const lease = await this.#acquire()
      const account = accountOf(this.#exchange, lease.account.id)
      if (account !== undefined) return { lease, account }
      // It left the configuration between the choice and now.
      lease[Symbol.dispose]()
      this.#exclude(lease.account.id)
    }
  }

  /**
   * Another account than `accountId` with a slot that is free now, and the slot; undefined when it would have to wait.
   * The session is not moved: one slow answer is no reason to.
   */
  async idle(accountId: string): Promise<{ lease: Lease; account: AccountAccess } | undefined> {
    const { excluded, ...request } = this.#current()
    const selection = await this.#exchange.pool.scheduler.select({
      ...request,
      hedge: true,
      excluded: new Set([...(excluded ?? []), accountId]),
    })
    if (selection.kind !== 'selected') return undefined
    const { lease } = selection
    const account = accountOf(this.#exchange, lease.account.id)
    if (account === undefined) lease[Symbol.dispose]()
    return account && { lease, account }
  }

  /** Where the items start that are left out of `input`: the account they are bound to is gone. */
  get removed(): readonly number[] {
    return this.#owners.removed
  }

  failed(accountId: string, end: Failed): void {
    this.#last = end
    this.#failures++
    this.#exclude(accountId)
  }

  /**
   * What the client hears when this was the end: the last account's error, with the truth about trying again.
   * `given_up`: the gateway would have gone on, but has spent its attempts or its budget, and so should the client.
   */
  lastError(why: 'final' | 'given_up' | 'nobody_left'): GatewayError {
    const { answer } = this.#last!.verdict
    if (answer === 'relay') {
      return new GatewayError('upstream_bad_response', { values: { detail: 'its error message broke off' } })
    }
    if (answer.code === 'model_not_found') return this.#modelNotFound()
    const waits = answer.code === 'rate_limit_exceeded' || answer.code === 'server_is_overloaded'
    if (waits) answer.retryAfterMs ??= this.#soonestMs()
    if (why === 'given_up' || this.#failures > 1) answer.retry = 'never'
    return answer
  }

  /** When the first account that serves the model may be tried again; undefined when that is not known, or now. */
  #soonestMs(): number | undefined {
    const waits = this.#serving().map(account => account.availableInMs)
    const soonest = Math.min(...waits)
    return soonest > 0 && Number.isFinite(soonest) ? soonest : undefined
  }

  async #acquire(): Promise<Lease> {
    const { pool, cancellation } = this.#exchange
    for (;;) {
      try {
        const lease = await pool.scheduler.acquire(this.#current(), { signal: cancellation })
        if (!cancellation.aborted) return lease
        lease.settle({ outcome: { kind: 'client_abort' } })
      } catch (error) {
        if (isSchedulerError(error)) this.#exchange.trace.refusal = error.decision
        cancellation.check()
        if (!isSchedulerError(error)) throw error
        // A fault of ours is told as such; an absence leaves the last account's error the truth.
        if (this.#last !== undefined && !isFault(error)) throw this.lastError('nobody_left')
        if (!(await this.#owners.mend(error))) throw await this.#refusal(error)
      }
      cancellation.check()
    }
  }

  #serving(): readonly AccountState[] {
    const { pool } = this.#exchange
    return servingStates(pool, this.#facts.model, this.#request.excluded)
  }

  async #refusal(error: SchedulerError): Promise<GatewayError> {
    const { model } = this.#facts
    const lost = await this.#owners.lost(error)
    return schedulerRefusal(error, {
      spreadRetry: this.#exchange.shared.spreadRetry,
      serving: () => this.#serving(),
      model,
      needs: this.#needs,
      lost,
      nearestModels: () => nearestModels(this.#exchange, model),
    })
  }

  #modelNotFound(): GatewayError {
    const { model } = this.#facts
    return modelNotFound(model, nearestModels(this.#exchange, model))
  }

  #current(): ScheduleRequest {
    const owners = this.#owners.keys
    if (this.#excluded === undefined && owners === undefined) return this.#request
    return {
      ...this.#request,
      ...(owners === undefined ? {} : { owners }),
      ...(this.#excluded === undefined ? {} : { excluded: this.#excluded }),
    }
  }

  #exclude(accountId: string): void {
    // A new set each time: the scheduler's records keep the one they were given.
    this.#excluded = new Set([...(this.#excluded ?? this.#request.excluded ?? []), accountId])
  }
}

/** What the client's place among those who wait follows from; most clients leave it all out. */
function standing({ priority = 0, weight = 1, slots }: ClientAccess): Partial<ScheduleRequest> {
  if (priority === 0 && weight === 1 && slots === undefined) return ordinary
  return { priority, tenantWeight: weight, ...(slots === undefined ? {} : { tenantLimit: slots }) }
}

const ordinary: Partial<ScheduleRequest> = {}

/** What an account must be able to do to serve a generation. */
export function generationNeeds(route: Generation, facts: CreateFacts): readonly Capability[] {
  const list: Capability[] = route.needs === undefined ? [] : [route.needs]
  if (facts.background) list.push('background')
  if (facts.continues?.kind === 'response') list.push('storedResponses')
  if (facts.continues?.kind === 'conversation') list.push('conversations')
  return list
}
