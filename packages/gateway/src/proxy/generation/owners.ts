import { isSchedulerError, type Located, type SchedulerError } from '@headgate/scheduler'
import { GatewayError } from '../errors/errors.ts'
import type { Reference } from '../ownership/found-references.ts'
import { lostOwner } from '../ownership/lost-owner.ts'
import { type Replay, replayOf } from '../ownership/replay.ts'
import type { RoutedExchange } from '../request-exchange.ts'

type Pool = Pick<RoutedExchange, 'pool' | 'client'>

/** What a request refers to, on its way through the accounts: its hard keys, and what becomes of those that are lost. */
export class Owners {
  readonly #of: Pool
  readonly #references: readonly Reference[]
  #keys: readonly string[] | undefined
  #relayed = false
  #replay: Replay | undefined

  constructor(of: Pool, references: readonly Reference[]) {
    this.#of = of
    this.#references = storesNothing(of) ? references.filter(({ kind }) => kind !== 'item') : references
    this.#keys = keysOf(this.#references)
  }

  /** The hard keys to search by; undefined when there are none. */
  get keys(): readonly string[] | undefined {
    return this.#keys
  }

  /** Where the items start that have to be taken out of `input`. */
  get removed(): readonly number[] {
    return this.#replay?.removed ?? nothing
  }

  /**
   * Whether the request may go on in spite of this refusal, by what the pool allows: unknown owners are relayed, or
   * encrypted items of a lost domain are left behind. Each at most once.
   */
  async mend(error: SchedulerError): Promise<boolean> {
    const { pool } = this.#of
    if (error.code === 'owner_unknown' && pool.unknownOwners === 'relay' && !this.#relayed) {
      this.#relayed = true
      const places = await this.#places()
      this.#keys = keysOf(this.#references.filter((_, index) => !isUnknown(places[index]!)))
      return true
    }
    const lost = error.code === 'owner_gone' || error.code === 'conflicting_owners'
    if (!lost || pool.lostOwners !== 'replay' || this.#replay !== undefined) return false
    this.#replay = replayOf(this.#references, await this.#places())
    if (this.#replay === undefined) return false
    this.#keys = keysOf(this.#replay.kept)
    return true
  }

  /** The answer to the first of them that is lost. Undefined when the refusal has another reason. */
  async lost(error: SchedulerError): Promise<GatewayError | undefined> {
    const { code } = error
    if (this.#keys === undefined) return undefined
    const [first] = this.#references
    // No account with the state is capable: the client goes on as from state that is gone.
    if (code === 'all_excluded') return lostOwner(first!)
    if (code !== 'owner_unknown' && code !== 'owner_gone') return undefined
    for (const reference of this.#references) {
      const place = await this.#locate(reference)
      if (place.kind === 'none' && place.reason === code) return lostOwner(reference)
    }
    return lostOwner(first!)
  }

  async #places(): Promise<readonly Located[]> {
    const places: Located[] = []
    for (const reference of this.#references) places.push(await this.#locate(reference))
    return places
  }

  async #locate({ key }: Reference): Promise<Located> {
    const { pool, client } = this.#of
    try {
      return await pool.scheduler.locate({ tenant: client.tenant, owners: [key] })
    } catch (error) {
      if (!isSchedulerError(error)) throw error
      throw new GatewayError('state_unavailable', { cause: error })
    }
  }
}

const nothing: readonly number[] = []

/** Where no account stores responses, the ids of items are labels: nothing could be read by them. */
function storesNothing({ pool }: Pool): boolean {
  return pool.incapable(['storedResponses'])?.size === pool.accounts.length
}

function isUnknown(place: Located): boolean {
  return place.kind === 'none' && place.reason === 'owner_unknown'
}

function keysOf(references: readonly Reference[]): readonly string[] | undefined {
  return references.length === 0 ? undefined : references.map(({ key }) => key)
}
