import type { Lease } from '@headgate/scheduler'
import type { AccountAccess } from '../pool-access.ts'
import type { CreateFacts } from '../request/request-check.ts'
import { underCancellation } from '../request-exchange.ts'
import type { AttemptTrace, HedgeResult } from '../request-record.ts'
import type { Generation } from '../routing/operation.ts'
import type { AccountSearch, GenerationExchange } from './account-search.ts'
import { type Contender, type Finish, type NotNow, type Offer, Race } from './hedge.ts'
import type { PoolHedging } from './pool-hedging.ts'

/** An account with a slot of it in hand. */
export interface Chosen {
  readonly lease: Lease
  readonly account: AccountAccess
}

/** One attempt of a create, made and not yet sent. */
export interface CreateAttempt extends Contender {
  readonly account: AccountAccess
  readonly record: AttemptTrace
  /** What its lease expected; see `HedgeDelay`. */
  readonly expectedMs: number | undefined
}

/** Makes an attempt with the slot of an account. What it throws has given the slot back. */
export type MakeAttempt = (
  chosen: Chosen,
  options: { readonly hedge: boolean; readonly claim: (() => boolean) | undefined },
) => CreateAttempt

/** A turn of a conversation. */
export const isTurn = ({ kind }: Generation): boolean => kind === 'create_response' || kind === 'create_chat'

/** A second attempt that could not be made is asked for again after so long, at the soonest. */
const RETRY_MS = 250

type Ends = readonly Finish<CreateAttempt>[]

/**
 * Runs an attempt and, where the pool hedges and it stays silent, another one beside it. Answers how they ended, in the
 * order in which they did.
 */
export async function runAttempts(
  exchange: GenerationExchange,
  work: { readonly facts: CreateFacts; readonly search: AccountSearch; readonly make: MakeAttempt },
  chosen: Chosen,
): Promise<Ends> {
  const { pool, shared, trace, route } = exchange
  const alone = () => runAlone(exchange, work.make(chosen, { hedge: false, claim: undefined }))
  if (pool.hedge === undefined || !mayHedge(route, work.facts)) return alone()
  const hedging = shared.hedgingOf(pool.name)
  if (trace.attempts.length === 0) hedging.budget.requested(pool.hedge.budget)
  const afterMs =
    pool.hedge.afterMs === 'auto'
      ? hedging.delay.afterMs(chosen.lease.expectedFirstTokenMs)
      : pool.hedge.afterMs
  // One hedge a request: after it, only failover.
  const hedged = trace.attempts.some(attempt => attempt.hedge)
  const ends =
    afterMs === undefined || hedged
      ? await alone()
      : await runRace(exchange, { ...work, chosen, afterMs, hedging })
  for (const end of ends) learn(hedging, end)
  return ends
}

/**
 * Streams only: an answer in JSON says nothing before it is done, so its silence is no sign. Never what goes on upstream
 * whether anyone listens or not, and never what writes into a conversation, which would be written twice.
 */
function mayHedge(route: Generation, { stream, background, continues }: CreateFacts): boolean {
  return isTurn(route) && stream && !background && continues?.kind !== 'conversation'
}

async function runAlone(exchange: GenerationExchange, contender: CreateAttempt): Promise<Ends> {
  return [{ contender, end: await underCancellation(exchange, contender.attempt, contender.run) }]
}

interface RaceWork {
  readonly search: AccountSearch
  readonly make: MakeAttempt
  readonly chosen: Chosen
  readonly afterMs: number
  readonly hedging: PoolHedging
}

async function runRace(exchange: GenerationExchange, work: RaceWork): Promise<Ends> {
  const { deps, trace } = exchange
  const startedMs = deps.clock.monotonicMs()
  const race = new Race<CreateAttempt>({
    clock: deps.clock,
    first: claim => work.make(work.chosen, { hedge: false, claim }),
    afterMs: work.afterMs,
    second: () => offer(exchange, work, deps.clock.monotonicMs() - startedMs),
    onFault: error => deps.log.error({ requestId: trace.requestId, error }, 'A hedge could not be made.'),
  })
  const ends = await underCancellation(exchange, race, () => race.run())
  if (ends.length > 1) trace.hedge = resultOf(ends)
  return ends
}

/**
 * The slot of another account that is idle now, if the budget has a hedge left and it is worth its price there. Where the
 * operator says after how long to hedge, that is all that counts.
 */
async function offer(
  exchange: GenerationExchange,
  work: RaceWork,
  silentMs: number,
): Promise<Offer<CreateAttempt> | NotNow> {
  const { budget } = work.hedging
  if (!budget.tryTake()) return notNow(exchange, 'no_budget')
  const other = await work.search.idle(work.chosen.account.id)
  const giveBack = () => {
    other?.lease[Symbol.dispose]()
    budget.giveBack()
  }
  if (other === undefined) {
    giveBack()
    return notNow(exchange, 'no_slot')
  }
  const likelyMs = exchange.pool.hedge?.afterMs === 'auto' ? (other.lease.likelyFirstTokenMs ?? 0) : 0
  const earlyMs = budget.worthAfterMs(likelyMs) - silentMs
  if (earlyMs > 0) {
    giveBack()
    return notNow(exchange, 'no_gain', earlyMs)
  }
  return { enter: claim => work.make(other, { hedge: true, claim }), giveBack }
}

function notNow({ trace }: GenerationExchange, why: HedgeResult, askAgainMs = 0): NotNow {
  trace.hedge = why
  return { askAgainMs: Math.max(RETRY_MS, askAgainMs) }
}

function resultOf(ends: Ends): HedgeResult {
  const answered = ends.find(({ end }) => end.kind === 'answered')
  if (answered !== undefined) return answered.contender.record.hedge ? 'won' : 'lost'
  return ends.some(({ end }) => end.kind === 'client_left') ? 'client_abort' : 'failed'
}

function learn({ delay }: PoolHedging, { contender, end }: Finish<CreateAttempt>): void {
  const { firstTokenMs, durationMs } = contender.record
  const { expectedMs } = contender
  if (firstTokenMs !== undefined) delay.sample(firstTokenMs, expectedMs)
  else if (end.kind === 'abandoned') delay.sample(durationMs, expectedMs)
}
