import type { Clock } from '@headgate/scheduler'

/** What an answer's body needs to know. */
export interface AnswerBodyOptions {
  readonly clock: Clock
  /** A reader that takes nothing of what waits for it for so long counts as gone. */
  readonly stalledReaderMs: number
  /** The reader cancelled, or stalled: nobody wants the rest. */
  readonly onGone: (reason: unknown) => void
}

/** Bytes that may wait for the reader before the upstream is paused. */
const highWaterBytes = 64 * 1024

/**
 * The body of one answer as a `ReadableStream`. The reader sets the pace: beyond {@link highWaterBytes} `write` says
 * so, and `onDrain` is called when the reader has taken enough. Nothing else is buffered. A `Response` that is
 * dropped unread would hold its slot for ever, so a full buffer that nobody reads ends after `stalledReaderMs`.
 */
export class AnswerBody {
  readonly stream: ReadableStream<Uint8Array>
  readonly #options: AnswerBodyOptions
  #controller!: ReadableStreamDefaultController<Uint8Array>
  #written = 0
  #drainListener: (() => void) | undefined
  #cancelStall: (() => void) | undefined

  constructor(options: AnswerBodyOptions) {
    this.#options = options
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: controller => {
          this.#controller = controller
        },
        pull: () => this.#onPull(),
        cancel: reason => {
          this.#settle()
          options.onGone(reason)
        },
      },
      { highWaterMark: highWaterBytes, size: chunk => chunk.byteLength },
    )
  }

  /** False when the reader is behind: stop until `onDrain`. */
  write(chunk: Uint8Array): boolean {
    this.#written += chunk.byteLength
    this.#controller.enqueue(chunk)
    if (this.#controller.desiredSize! > 0) return true
    if (this.#cancelStall === undefined) this.#watchStall()
    return false
  }

  /** One listener; the last one set counts. */
  onDrain(listener: () => void): void {
    this.#drainListener = listener
  }

  end(): void {
    this.#settle()
    this.#controller.close()
  }

  /** What was written and not read yet is lost: nobody takes a broken body for a whole one. */
  fail(reason: unknown): void {
    this.#settle()
    this.#controller.error(reason)
  }

  #onPull(): void {
    if (this.#cancelStall === undefined) return
    this.#cancelStall()
    this.#cancelStall = undefined
    this.#drainListener?.()
  }

  /** Any read since the last look is progress, also one that leaves more waiting than should. */
  #watchStall(): void {
    const { clock, stalledReaderMs, onGone } = this.#options
    const before = this.#takenBytes()
    this.#cancelStall = clock.schedule(stalledReaderMs, () => {
      if (this.#takenBytes() > before) this.#watchStall()
      else onGone(stalled())
    })
  }

  #takenBytes(): number {
    return this.#written - (highWaterBytes - this.#controller.desiredSize!)
  }

  #settle(): void {
    this.#cancelStall?.()
    this.#cancelStall = undefined
    this.#drainListener = undefined
  }
}

function stalled(): DOMException {
  return new DOMException('The body was not read for too long, so its upstream was let go.', 'AbortError')
}
