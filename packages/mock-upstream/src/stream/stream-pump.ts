import type { Exchange } from '../exchange.ts'

/** A reply as a stream: what to send before, with and after its tokens. */
export interface StreamScript {
  readonly tokenCount: number
  /** Events that go out at once. */
  opening(): void
  /** Events that go out with the first token. */
  beforeTokens(): void
  token(index: number): void
  /** Events after the last token. */
  closing(): void
}

/** When the tokens of a stream leave. */
export interface Pace {
  readonly firstTokenMs: number
  /** 0: as fast as the socket takes them. */
  readonly tokensPerSecond: number
  /** When decoding began, for a stream that joins a response under way. Default: when `firstTokenMs` are over. */
  readonly decodingSinceMs?: number
}

/** Bytes that an unpaced stream gathers before it writes. */
const WRITE_CHARACTERS = 16_384

/**
 * Sends a script at its pace and honours backpressure: a full socket stops it until the client has read. One timer at
 * a time and none without a pace; late timers are made up for, so that the pace holds on average. Stops by itself when
 * the client leaves, because the exchange then drops its timer.
 */
export class StreamPump {
  readonly #exchange: Exchange
  readonly #script: StreamScript
  readonly #pace: Pace
  #decodingSince = 0
  #sent = 0
  #stopped = false
  readonly #continue = () => this.#step()

  constructor(exchange: Exchange, script: StreamScript, pace: Pace) {
    this.#exchange = exchange
    this.#script = script
    this.#pace = pace
  }

  start(): void {
    this.#script.opening()
    if (this.#pace.firstTokenMs === 0) {
      this.#decode()
      return
    }
    const { wire } = this.#exchange
    const wait = () => {
      if (!this.#stopped) this.#exchange.after(this.#pace.firstTokenMs, () => this.#decode())
    }
    if (wire.flush()) wait()
    else wire.whenRoom(wait)
  }

  /** Ends the stream where it is. */
  stop(): void {
    this.#stopped = true
    this.#exchange.dropTimer()
    this.#exchange.wire.close()
  }

  #decode(): void {
    if (this.#stopped) return
    this.#decodingSince = this.#pace.decodingSinceMs ?? this.#exchange.now()
    this.#script.beforeTokens()
    this.#step()
  }

  #step(): void {
    if (this.#stopped) return
    const { wire } = this.#exchange
    const due = this.#tokensDue()
    let startedAt = this.#sent
    while (this.#sent < due) {
      this.#script.token(this.#sent)
      this.#sent += 1
      // A token's event is about 200 characters.
      if ((this.#sent - startedAt) * 200 < WRITE_CHARACTERS) continue
      startedAt = this.#sent
      if (!wire.flush()) {
        wire.whenRoom(this.#continue)
        return
      }
    }
    if (this.#sent === this.#script.tokenCount) {
      this.#script.closing()
      wire.close()
      return
    }
    if (!wire.flush()) {
      wire.whenRoom(this.#continue)
      return
    }
    const nextAt = this.#decodingSince + (this.#sent * 1000) / this.#pace.tokensPerSecond
    this.#exchange.after(Math.max(1, nextAt - this.#exchange.now()), this.#continue)
  }

  #tokensDue(): number {
    const { tokenCount } = this.#script
    if (this.#pace.tokensPerSecond === 0) return tokenCount
    const elapsedMs = this.#exchange.now() - this.#decodingSince
    return Math.min(tokenCount, Math.floor((elapsedMs * this.#pace.tokensPerSecond) / 1000 + 1e-6) + 1)
  }
}
