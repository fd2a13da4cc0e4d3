import * as fc from 'fast-check'
import {
  type Account,
  balancedProfile,
  fifo,
  type Lease,
  type OutcomeKind,
  type Profile,
  type ScheduleRequest,
} from '../../src/index.ts'
import { type Asked, ask, createWorld, type World } from '../engine/world.ts'

/** One thing that happens to a pool. Numbers choose among what there is at that moment. */
export type Operation =
  | {
      readonly op: 'acquire'
      readonly tenant: string
      readonly model: string
      readonly session: string | undefined
      /** Chooses an id that some lease bound; odd ones are asked for by another tenant than their own. */
      readonly owner: number | undefined
      readonly excluded: readonly number[]
    }
  | { readonly op: 'end'; readonly which: number; readonly how: OutcomeKind | 'dispose' | 'throw' | 'twice' }
  | { readonly op: 'failOver'; readonly which: number }
  | { readonly op: 'bind'; readonly which: number }
  | { readonly op: 'abort'; readonly which: number }
  | { readonly op: 'advance'; readonly ms: number }
  | { readonly op: 'change'; readonly which: number; readonly change: Partial<Account> | 'remove' }
  | { readonly op: 'add'; readonly account: Partial<Account> }
  | { readonly op: 'lose'; readonly which: number }
  | { readonly op: 'failReleases' }

const tenant = fc.constantFrom('x', 'y')
const model = fc.constantFrom('m', 'm', 'm', 'n')
const limits = fc.constantFrom(0, 1, 1, 1, 2, 3)
const which = fc.nat({ max: 40 })
const outcome = fc.constantFrom<OutcomeKind>(
  ...([
    'ok',
    'client_error',
    'client_abort',
    'policy',
    'rate_limited',
    'overloaded',
    'quota_exhausted',
  ] as const),
  ...(['auth_broken', 'server_error', 'timeout', 'transport_error'] as const),
)

/** The facts of an account: tight limits, few models, sometimes a state domain shared with others. */
export const accountFacts: fc.Arbitrary<Partial<Account>> = fc
  .record({
    concurrency: limits,
    priority: fc.constantFrom(0, 0, 1),
    models: fc.constantFrom(['m'], ['m', 'n'], []),
    shares: fc.constantFrom(true, false, false),
  })
  .map(({ shares, ...facts }) => (shares ? { ...facts, stateDomain: 'shared' } : facts))

const weighted = (...entries: readonly [number, fc.Arbitrary<Operation>][]) =>
  fc.oneof(...entries.map(([weight, arbitrary]) => ({ weight, arbitrary })))

/** Any operation; `lose` only where leases run out. */
export const operation: fc.Arbitrary<Operation> = weighted(
  [
    10,
    fc.record({
      op: fc.constant('acquire' as const),
      tenant,
      model,
      session: fc.constantFrom(undefined, undefined, 's', 't'),
      owner: fc.option(which, { nil: undefined, freq: 5 }),
      excluded: fc.constantFrom<readonly number[]>([], [], [], [0], [1, 2]),
    }),
  ],
  [
    8,
    fc.record({
      op: fc.constant('end' as const),
      which,
      how: fc.oneof(outcome, fc.constantFrom('dispose' as const, 'throw' as const, 'twice' as const)),
    }),
  ],
  [2, fc.record({ op: fc.constant('failOver' as const), which })],
  [2, fc.record({ op: fc.constant('bind' as const), which })],
  [3, fc.record({ op: fc.constant('abort' as const), which })],
  [3, fc.record({ op: fc.constant('advance' as const), ms: fc.constantFrom(1, 900, 5_000, 20_000, 31_000) })],
  [
    2,
    fc.record({
      op: fc.constant('change' as const),
      which,
      change: fc.constantFrom<Partial<Account> | 'remove'>(
        'remove',
        { status: 'disabled' },
        { status: 'active' },
        { status: 'draining' },
        { concurrency: 1 },
        { concurrency: 4 },
        { models: ['n'] },
      ),
    }),
  ],
  [1, fc.record({ op: fc.constant('add' as const), account: accountFacts })],
  [1, fc.record({ op: fc.constant('lose' as const), which })],
  [1, fc.constant({ op: 'failReleases' as const })],
)

interface Visit {
  readonly request: ScheduleRequest
  readonly asked: Asked
  readonly client: AbortController
  /** The domain its owner lives in, by the run's own book. */
  readonly domain: string | undefined
  readonly askedMs: number
  seen: boolean
}

/** A run over one pool, with a book of its own to judge the scheduler by. */
export interface PoolRun {
  readonly world: World
  readonly visits: readonly Visit[]
  apply(operation: Operation): void
  /** Everything wrong at a moment when nothing is under way. */
  faults(): string[]
  /** Ends every lease. */
  endAll(): void
}

export interface PoolRunOptions {
  readonly accounts: readonly Partial<Account>[]
  readonly profile?: Profile
  readonly later?: (what: string) => Promise<unknown>
  readonly batchSize?: number
  /** How long a request may wait by choice beside free accounts. Default 0: not at all. */
  readonly patienceMs?: number
  /** Of every prompt. */
  readonly inputTokens?: number
  /** What every tenant may hold at once. */
  readonly tenantLimit?: number
}

/** The health of accounts is left out where the book could not know it: cool-downs are its own, ejection is off. */
export function createPoolRun(options: PoolRunOptions): PoolRun {
  const profile = options.profile ?? { ...balancedProfile(), ejection: undefined }
  const world = createWorld({
    ...options,
    profile,
    accounts: options.accounts.map((account, i) => ({ id: `a${i}`, ...account })),
    renewEveryMs: 5_000,
  })
  const { scheduler, clock, slots } = world
  const visits: Visit[] = []
  const bound: { readonly tenant: string; readonly key: string; readonly domain: string }[] = []
  /** By account, and for a rate limit by account and model. */
  const coolUntil = new Map<string, number>()
  const coolKeys = (id: string, model: string) => [id, `${id} ${model}`] as const
  let added = options.accounts.length
  let lost = 0

  const leases = () => visits.map(({ asked }) => asked.lease).filter(lease => lease?.held) as Lease[]
  const pick = <T>(from: readonly T[], at: number): T | undefined => from[at % Math.max(1, from.length)]

  function acquire(request: ScheduleRequest, domain: string | undefined): void {
    const client = new AbortController()
    visits.push({
      request,
      client,
      domain,
      askedMs: clock.monotonicMs(),
      seen: false,
      asked: ask(scheduler, request, { signal: client.signal }),
    })
  }

  function end(lease: Lease, kind: OutcomeKind): void {
    const { id } = lease.account
    const restMs = { rate_limited: 5_000, overloaded: 5_000, quota_exhausted: 600_000, auth_broken: 600_000 }[
      kind as 'overloaded'
    ] as number | undefined
    const listed = world.accounts.list().some(account => account.id === id)
    if (restMs !== undefined && listed) {
      const { model } = visits.find(({ asked }) => asked.lease === lease)!.request
      const key = coolKeys(id, model)[kind === 'rate_limited' && profile.limits === 'respect' ? 1 : 0]
      coolUntil.set(key, Math.max(coolUntil.get(key) ?? 0, clock.monotonicMs() + restMs))
    }
    lease.settle({ outcome: { kind } as never })
  }

  function endSomehow(lease: Lease, how: Extract<Operation, { op: 'end' }>['how']): void {
    if (how === 'throw') {
      try {
        using _lease = lease
        throw new Error('the handler broke')
      } catch {}
      return
    }
    if (how !== 'dispose') end(lease, how === 'twice' ? 'ok' : how)
    if (how === 'dispose' || how === 'twice') lease[Symbol.dispose]()
  }

  function apply(operation: Operation): void {
    switch (operation.op) {
      case 'acquire': {
        const { tenant, model, session, owner, excluded } = operation
        const known = owner === undefined ? undefined : pick(bound, owner)
        const ids = excluded.map(at => `a${at}`)
        acquire(
          {
            tenant,
            model,
            ...(session === undefined ? {} : { session }),
            ...(owner === undefined ? {} : { owners: [known?.key ?? 'never-bound'] }),
            excluded: new Set(ids),
            ...(options.inputTokens === undefined ? {} : { inputTokens: options.inputTokens }),
            ...(options.tenantLimit === undefined ? {} : { tenantLimit: options.tenantLimit }),
          },
          known?.tenant === tenant ? known.domain : undefined,
        )
        return
      }
      case 'end': {
        const lease = pick(leases(), operation.which)
        if (lease) endSomehow(lease, operation.how)
        return
      }
      case 'failOver': {
        const visit = pick(
          visits.filter(({ asked }) => asked.lease?.held),
          operation.which,
        )
        if (visit === undefined) return
        const failed = visit.asked.lease!
        end(failed, 'server_error')
        scheduler.reportSwitch()
        const excluded = new Set([...(visit.request.excluded ?? []), failed.account.id])
        acquire({ ...visit.request, excluded }, visit.domain)
        return
      }
      case 'bind': {
        const visit = pick(
          visits.filter(({ asked }) => asked.lease?.held),
          operation.which,
        )
        if (visit === undefined) return
        const { account } = visit.asked.lease!
        const key = `resp_${bound.length}`
        void visit.asked.lease!.bind([key])
        bound.push({ tenant: visit.request.tenant!, key, domain: account.stateDomain ?? account.id })
        return
      }
      case 'abort': {
        const visit = pick(
          visits.filter(({ client }) => !client.signal.aborted),
          operation.which,
        )
        visit?.client.abort()
        // What a caller does whose client left: it ends the lease it has.
        visit?.asked.lease?.settle({ outcome: { kind: 'client_abort' } })
        return
      }
      case 'advance':
        clock.advance(operation.ms)
        return
      case 'change': {
        const id = pick(world.accounts.list(), operation.which)?.id
        if (id !== undefined) world.change(id, operation.change)
        if (operation.change === 'remove' && id !== undefined) coolUntil.delete(id)
        return
      }
      case 'add':
        world.add({ ...operation.account, id: `a${added++}` })
        return
      case 'lose': {
        const lease = pick(leases(), operation.which)
        if (lease === undefined) return
        const before = slots.held
        slots.lose(lease.account.id)
        lost += before - slots.held
        return
      }
      case 'failReleases':
        slots.failReleases(1)
        return
    }
  }

  /** Brute force: may this request be served by this account now, slots aside? */
  function fits({ request, domain }: Visit, account: Account): boolean {
    const { models = [], status = 'active', id } = account
    if (status === 'disabled' || (status === 'draining' && domain === undefined)) return false
    if ((models as readonly string[]).length > 0 && !(models as readonly string[]).includes(request.model))
      return false
    const rests = coolKeys(id, request.model).some(key => (coolUntil.get(key) ?? 0) > clock.monotonicMs())
    if (rests || request.excluded!.has(id)) return false
    if (request.owners === undefined) return true
    return domain !== undefined && (account.stateDomain ?? id) === domain
  }

  const heldBy = (tenant: string | undefined) =>
    visits.filter(({ asked, request }) => asked.lease?.held && request.tenant === tenant).length
  const { tenantLimit = Number.POSITIVE_INFINITY } = options
  const inOrder = profile.dequeue === fifo && options.tenantLimit === undefined

  /** Whoever was turned away for the length of the queue met one, and nothing that could have served it. */
  function judgeShed(visit: Visit, found: string[]): void {
    if (visit.seen || visit.asked.error?.code !== 'queue_full') return
    visit.seen = true
    if (scheduler.queueDepth < 4) found.push(`turned away at a queue of ${scheduler.queueDepth}`)
    const free = world.accounts.list().find(account => hasRoom(account) && fits(visit, account))
    if (free) found.push(`turned away beside ${free.id}, which is free`)
  }

  function hasRoom({ id, concurrency = 0 }: Account): boolean {
    return concurrency <= 0 || slots.inUse(id) < concurrency
  }

  const isImpatient = ({ askedMs }: Visit) => clock.monotonicMs() >= askedMs + (options.patienceMs ?? 0)

  function isWaiting({ asked }: Visit): boolean {
    return asked.lease === undefined && asked.error === undefined
  }

  function faults(): string[] {
    const found = [...slots.violations]
    const held = leases().length
    if (slots.held !== held)
      found.push(`${slots.held} slots are taken, ${held} leases are held, ${lost} were lost`)
    if (scheduler.queueDepth !== visits.filter(isWaiting).length)
      found.push(`the queue holds ${scheduler.queueDepth}`)
    for (const account of world.accounts.list()) {
      const { id } = account
      const free = hasRoom(account)
      const idle = visits.find(
        visit =>
          isWaiting(visit) &&
          isImpatient(visit) &&
          free &&
          heldBy(visit.request.tenant) < tenantLimit &&
          fits(visit, account),
      )
      if (idle) found.push(`${JSON.stringify(idle.request)} waits while ${id} is free`)
    }
    for (const tenant of ['x', 'y'])
      if (heldBy(tenant) > tenantLimit) found.push(`${tenant} holds ${heldBy(tenant)} slots`)
    for (const [at, visit] of visits.entries()) {
      if (options.tenantLimit === undefined && options.later === undefined) judgeShed(visit, found)
      const { lease, error } = visit.asked
      const { owners } = visit.request
      if (lease === undefined || visit.seen) {
        if (owners && visit.domain === undefined && error === undefined)
          found.push('an unknown owner is waited for')
        continue
      }
      visit.seen = true
      const { account } = lease
      if (owners && (account.stateDomain ?? account.id) !== visit.domain)
        found.push(`${account.id} is not of the domain ${visit.domain}`)
      if (visit.request.excluded!.has(account.id)) found.push(`${account.id} was excluded`)
      if (!inOrder) continue
      const overtaken = visits.slice(0, at).find(older => isWaiting(older) && fits(older, account))
      if (overtaken && options.later === undefined) found.push(`a newcomer overtook at ${account.id}`)
    }
    return found
  }

  return {
    world,
    visits,
    apply,
    faults,
    endAll() {
      for (const lease of leases()) lease[Symbol.dispose]()
    },
  }
}
