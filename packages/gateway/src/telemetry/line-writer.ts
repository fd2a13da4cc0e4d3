/** Beyond this much that the reader has not taken, lines are dropped: a stuck reader must not fill the memory. */
const maxWaitingBytes = 4 * 1024 * 1024
const gatherMs = 10
/** What a pipe takes at once. */
const gatherChars = 64 * 1024

/**
 * Writes lines to stdout, those of a few milliseconds together: one system call instead of many, and the reader is
 * not woken for every line (which took as much of the machine as making them). Whatever ends the process without
 * its exit handlers takes those milliseconds with it.
 *
 * A library's destination is not used, because the `flushSync` that pino's calls at exit never returns when the disk
 * is full or the reader of a pipe is stuck. Here nothing waits and nothing throws: what cannot be written is dropped.
 */
export class LineWriter {
  readonly #stream: NodeJS.WriteStream
  #gathered = ''
  #dropped = 0

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
    // A reader that has gone (EPIPE) or a full disk: the lines are lost, and there is no place left to say so.
    stream.on('error', () => {})
    process.once('exit', () => this.#writeGathered())
  }

  /** Lines that were not taken. */
  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    if (this.#stream.writableLength > maxWaitingBytes) {
      this.#dropped++
      return
    }
    if (this.#gathered === '') setTimeout(() => this.#writeGathered(), gatherMs)
    this.#gathered += line
    if (this.#gathered.length > gatherChars) this.#writeGathered()
  }

  /** Resolves when everything is written, or after `timeoutMs`. */
  flush(timeoutMs: number): Promise<void> {
    this.#writeGathered()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      this.#stream.write('', () => {
        clearTimeout(timer)
        resolve()
      })
    })
  }

  #writeGathered(): void {
    const text = this.#gathered
    this.#gathered = ''
    if (text !== '') this.#stream.write(text)
  }
}
