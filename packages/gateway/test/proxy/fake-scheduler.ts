import {
  type Account,
  type Lease,
  type Located,
  type Outcome,
  type ScheduleRequest,
  type Scheduler,
  SchedulerError,
  type Selection,
  type Settlement,
} from '@headgate/scheduler'

/** What became of one lease. */
export interface LeaseLog {
  readonly account: string
  readonly bound: string[]
  settled: number
  disposed: number
  firstTokens: number
  outcome: Outcome['kind'] | undefined
  settlement: Settlement | undefined
}

type Bind = () => void | Promise<void>

/**
 * A scheduler small enough to be read at a glance: the first account in order that is not excluded, belongs to the
 * owner's domain and has a free slot; else a queue. Slots and bindings are real, so leaks show.
 */
export class FakeScheduler {
  readonly leases: LeaseLog[] = []
  readonly owners = new Map<string, string>()
  readonly requests: ScheduleRequest[] = []
  /** What is expected of an account; nothing of one that is not here. */
  readonly firstTokenMs = new Map<string, number>()
  readonly inUse = new Map<string, number>()
  switches = 0
  /** Called by every bind, before the binding is written. */
  bind: Bind = () => {}
  refusal: SchedulerError | undefined
  readonly #accounts: readonly Account[]
  readonly #waiting: { request: ScheduleRequest; resolve: (lease: Lease) => void }[] = []

  constructor(accounts: readonly Account[]) {
    this.#accounts = accounts
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** True when every lease has been given back exactly once. */
  get balanced(): boolean {
    const once = this.leases.every(({ settled, disposed }) => settled + disposed === 1)
    return once && [...this.inUse.values()].every(count => count === 0)
  }

  asScheduler(): Scheduler {
    return this as unknown as Scheduler
  }

  acquire(request: ScheduleRequest, options: { signal?: AbortSignal } = {}): Promise<Lease> {
    this.requests.push(request)
    const { signal } = options
    if (this.refusal !== undefined) return Promise.reject(this.refusal)
    if (signal?.aborted) return Promise.reject(new SchedulerError('aborted', 'left'))
    const reason = this.#reason(request)
    if (reason !== undefined) return Promise.reject(reason)
    const account = this.#free(request)
    if (account !== undefined) return Promise.resolve(this.#lease(account, request))
    return new Promise((resolve, reject) => {
      const waiter = { request, resolve }
      this.#waiting.push(waiter)
      signal?.addEventListener('abort', () => {
        const place = this.#waiting.indexOf(waiter)
        if (place === -1) return
        this.#waiting.splice(place, 1)
        reject(new SchedulerError('aborted', 'left'))
      })
    })
  }

  /** Never waits: who would have to gets a plan without a decision. */
  select(request: ScheduleRequest): Selection {
    this.requests.push(request)
    const account = this.#reason(request) === undefined ? this.#free(request) : undefined
    if (account === undefined) return { kind: 'wait' } as never
    return { kind: 'selected', lease: this.#lease(account, request), decision: undefined as never }
  }

  locate(request: Pick<ScheduleRequest, 'tenant' | 'owners'>): Located {
    const domain = this.owners.get(`${request.tenant}/${request.owners?.[0]}`)
    if (domain === undefined) return { kind: 'none', reason: 'owner_unknown' }
    const account = this.#accounts.find(one => (one.stateDomain ?? one.id) === domain)
    return account === undefined
      ? { kind: 'none', reason: 'owner_gone' }
      : { kind: 'located', account: account.id, domain }
  }

  unbind(request: { tenant?: string }, keys: readonly string[]): void {
    for (const key of keys) this.owners.delete(`${request.tenant}/${key}`)
  }

  knowsSession(): boolean {
    return false
  }

  reportSwitch(): void {
    this.switches++
  }

  accounts(): readonly never[] {
    return []
  }

  #candidates(request: ScheduleRequest): readonly Account[] {
    const owner = request.owners?.[0]
    const domain = owner === undefined ? undefined : this.owners.get(`${request.tenant}/${owner}`)
    return this.#accounts.filter(account => {
      if (request.excluded?.has(account.id)) return false
      return domain === undefined || (account.stateDomain ?? account.id) === domain
    })
  }

  #reason(request: ScheduleRequest): SchedulerError | undefined {
    const owner = request.owners?.[0]
    if (owner !== undefined && !this.owners.has(`${request.tenant}/${owner}`)) {
      return new SchedulerError('owner_unknown', 'unknown')
    }
    return this.#candidates(request).length === 0
      ? new SchedulerError('all_excluded', 'none left')
      : undefined
  }

  #free(request: ScheduleRequest): Account | undefined {
    return this.#candidates(request).find(account => {
      const limit = account.concurrency ?? 0
      return limit === 0 || (this.inUse.get(account.id) ?? 0) < limit
    })
  }

  #release(account: Account): void {
    this.inUse.set(account.id, this.inUse.get(account.id)! - 1)
    for (const waiter of [...this.#waiting]) {
      const free = this.#free(waiter.request)
      if (free === undefined) continue
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
      waiter.resolve(this.#lease(free, waiter.request))
    }
  }

  #lease(account: Account, request: ScheduleRequest): Lease {
    this.inUse.set(account.id, (this.inUse.get(account.id) ?? 0) + 1)
    const log: LeaseLog = {
      account: account.id,
      bound: [],
      settled: 0,
      disposed: 0,
      firstTokens: 0,
      outcome: undefined,
      settlement: undefined,
    }
    const decisionId = this.leases.push(log)
    const write = (keys: readonly string[]): void => {
      for (const key of keys) {
        log.bound.push(key)
        this.owners.set(`${request.tenant}/${key}`, account.stateDomain ?? account.id)
      }
    }
    return {
      account,
      decision: undefined,
      layer: 'load_balance' as const,
      decisionId,
      waitedMs: 0,
      expectedFirstTokenMs: this.firstTokenMs.get(account.id),
      likelyFirstTokenMs: this.firstTokenMs.get(account.id),
      held: true,
      bind: keys => {
        const pending = this.bind()
        if (pending === undefined) return write(keys)
        return pending.then(() => write(keys))
      },
      firstToken: () => {
        log.firstTokens++
      },
      reportLimits() {},
      settle: settlement => {
        log.settled++
        log.outcome = settlement.outcome.kind
        log.settlement = settlement
        this.#release(account)
      },
      [Symbol.dispose]: () => {
        log.disposed++
        this.#release(account)
      },
    }
  }
}
