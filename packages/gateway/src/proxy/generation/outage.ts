import type { Clock, Outcome } from '@headgate/scheduler'

/** Whose requests for what: nobody's own failures turn another tenant's work away. */
export interface OutageScope {
  readonly pool: string | undefined
  readonly tenant: string | undefined
  readonly model: string | undefined
}

/** What is going on in one scope since requests began to fail. */
export interface Outage {
  /**
   * Whether a new request is turned away here instead of being sent to fail. At least one in ten is sent, so that the
   * end of the outage is noticed by what runs into it.
   */
  refuses(): boolean
  /** Counts a request that is sent, from its start: answers may take minutes. */
  sent(): void
  /** The request is over. */
  over(): void
  /** The request began to be answered. */
  answered(): void
}

/** The outages of a process. */
export interface Outages {
  /** Undefined while nothing fails: the usual case costs one look-up. */
  of(scope: OutageScope): Outage | undefined
  /** Counts an attempt that failed. Only what an outage looks like counts: no limits, no refusals. */
  failed(scope: OutageScope, outcome: Outcome): void
}

const windowSeconds = 10
const outageKinds: ReadonlySet<Outcome['kind']> = new Set(['server_error', 'transport_error', 'timeout'])
/** Below so many failures in the window nothing is turned away: a quiet gateway goes on trying. */
const leastFailures = 20
const leastSent = 0.1
/** Clients may name any model; those that fail are few. */
const maxOutages = 1000

/**
 * Turns new requests away while (nearly) everything fails (after the client-side throttling of Google's SRE book,
 * "Handling Overload", with K = 2):
 *
 *   refused = max(0, (failures - answers - under way) / (failures + answers + 1)), at most 0.9
 *
 * over the last ten seconds. What is under way counts for the accounts, because a model may think for minutes. Which
 * requests are refused is no matter of chance: their share adds up until it makes one that is sent.
 */
export function createOutages(clock: Clock): Outages {
  const outages = new Map<string, CountedOutage>()
  const keyOf = ({ pool, tenant, model }: OutageScope): string => JSON.stringify([pool, tenant, model])
  return {
    of(scope) {
      return outages.size === 0 ? undefined : outages.get(keyOf(scope))
    },
    failed(scope, { kind }) {
      if (!outageKinds.has(kind)) return
      const key = keyOf(scope)
      let outage = outages.get(key)
      if (outage === undefined) {
        if (outages.size >= maxOutages) outages.delete(outages.keys().next().value!)
        outage = new CountedOutage(clock)
        outages.set(key, outage)
      }
      outage.failed()
    },
  }
}

class CountedOutage implements Outage {
  readonly #clock: Clock
  readonly #failures = new Float64Array(windowSeconds)
  readonly #answers = new Float64Array(windowSeconds)
  #second: number
  #underWay = 0
  #due = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#second = this.#now()
  }

  refuses(): boolean {
    this.#advance()
    const failures = sum(this.#failures)
    if (failures < leastFailures) return false
    const answers = sum(this.#answers)
    const excess = (failures - answers - this.#underWay) / (failures + answers + 1)
    this.#due += Math.max(leastSent, 1 - Math.max(0, excess))
    if (this.#due < 1) return true
    this.#due -= 1
    return false
  }

  sent(): void {
    this.#underWay++
  }

  over(): void {
    this.#underWay--
  }

  answered(): void {
    this.#answers[this.#advance()]!++
  }

  failed(): void {
    this.#failures[this.#advance()]!++
  }

  #now(): number {
    return Math.floor(this.#clock.monotonicMs() / 1000)
  }

  #advance(): number {
    const now = this.#now()
    const steps = Math.min(now - this.#second, windowSeconds)
    for (let i = 1; i <= steps; i++) {
      const bucket = (this.#second + i) % windowSeconds
      this.#failures[bucket] = 0
      this.#answers[bucket] = 0
    }
    if (now > this.#second) this.#second = now
    return this.#second % windowSeconds
  }
}

function sum(buckets: Float64Array): number {
  let total = 0
  for (const count of buckets) total += count
  return total
}
