import type { Clock } from '@headgate/scheduler'
import type { Attempt, AttemptEnd } from '../attempt/attempt.ts'
import type { GatewayError } from '../errors/errors.ts'

/** One attempt of a race: it has its slot, and sends nothing until it runs. */
export interface Contender {
  readonly attempt: Pick<Attempt, 'over' | 'abandon' | 'clientLeft' | 'cut'>
  /** Sends the request; resolves when the attempt is over. Called once. */
  run(): Promise<AttemptEnd>
}

/** Makes a contender. `claim` is what it asks before it says the first byte: false means that it may not. */
export type Enter<T extends Contender> = (claim: () => boolean) => T

/** A second contender's slot, in hand: to be used or given back. */
export interface Offer<T extends Contender> {
  readonly enter: Enter<T>
  giveBack(): void
}

/** Why there is no second contender now, and when to ask again. */
export interface NotNow {
  readonly askAgainMs: number
}

/** What a race is made of. */
export interface RaceOptions<T extends Contender> {
  readonly clock: Clock
  readonly first: Enter<T>
  /** How long the first may say nothing before a second one starts beside it. */
  readonly afterMs: number
  /** Asked then, and again as often as it says, while the first says nothing. */
  readonly second: () => Promise<Offer<T> | NotNow>
  /** Hears what went wrong with the second before it ran; the first goes on. */
  readonly onFault: (error: unknown) => void
}

/** A contender, and how its attempt ended. */
export interface Finish<T extends Contender> {
  readonly contender: T
  readonly end: AttemptEnd
}

/**
 * Two attempts at one request. The first to reach its commit point answers; the other one is abandoned before a byte of
 * the answer is relayed, so the bytes of two upstreams never meet. One that fails leaves the other running; the
 * request has failed when both have. A client that leaves ends both.
 *
 * After "The Tail at Scale" (Dean and Barroso, 2013): a second request sent when the first is slower than most.
 */
export class Race<T extends Contender> {
  readonly #options: RaceOptions<T>
  readonly #entered: T[] = []
  readonly #finished: Finish<T>[] = []
  #claimed = false
  /** Nobody enters any more: somebody answers, or nobody is there to be answered. */
  #closed = false
  #cancelTimer: (() => void) | undefined
  #second: Promise<void> | undefined

  constructor(options: RaceOptions<T>) {
    this.#options = options
  }

  /** Resolves when every attempt is over, with their ends in the order in which they came. Called once. */
  async run(): Promise<readonly Finish<T>[]> {
    const { first, afterMs } = this.#options
    this.#hedgeIn(afterMs)
    try {
      await this.#enter(first)
    } finally {
      this.#cancelTimer?.()
    }
    await this.#second
    return this.#finished
  }

  clientLeft(): void {
    this.#close()
    for (const { attempt } of this.#entered) attempt.clientLeft()
  }

  /** The request may not go on. */
  cut(answer: GatewayError): void {
    this.#close()
    for (const { attempt } of this.#entered) attempt.cut(answer)
  }

  /** A second one would come too late. */
  get #settled(): boolean {
    return this.#closed || this.#entered.some(({ attempt }) => attempt.over)
  }

  async #enter(enter: Enter<T>): Promise<void> {
    const contender: T = enter(() => this.#claim(contender))
    this.#entered.push(contender)
    let end: AttemptEnd
    try {
      end = await contender.run()
    } catch (error) {
      end = { kind: 'crashed', error, orphanId: undefined }
    }
    this.#finished.push({ contender, end })
  }

  #hedgeIn(ms: number): void {
    this.#cancelTimer = this.#options.clock.schedule(ms, () => {
      if (!this.#settled) this.#second = this.#hedge()
    })
  }

  async #hedge(): Promise<void> {
    const { second, onFault } = this.#options
    try {
      const offer = await second()
      if ('askAgainMs' in offer) {
        if (!this.#settled) this.#hedgeIn(offer.askAgainMs)
      } else if (this.#settled) offer.giveBack()
      else await this.#enter(offer.enter)
    } catch (error) {
      onFault(error)
    }
  }

  #claim(winner: T): boolean {
    if (this.#claimed) return false
    this.#claimed = true
    this.#close()
    for (const contender of this.#entered) if (contender !== winner) contender.attempt.abandon()
    return true
  }

  #close(): void {
    this.#closed = true
    this.#cancelTimer?.()
  }
}
