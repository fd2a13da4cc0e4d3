import { inspect } from 'node:util'

/** Below this length the last four characters would give away too much of the value. */
const shortestToHint = 12

/**
 * Holds one credential so that no logger, template string, `JSON.stringify` or `util.inspect` can print it:
 * each of them gets {@link masked}. Only {@link reveal} gives the value, so every use of a secret can be found
 * by searching for that word. The value sits in a private field: spreading or cloning an object that holds a
 * Secret copies nothing.
 */
export class Secret {
  readonly #value: string

  constructor(value: string) {
    this.#value = value
  }

  /** The value itself. Call it where the credential is sent or hashed, never earlier. */
  reveal(): string {
    return this.#value
  }

  /** `[secret …abcd]`: the last four characters, or none of a value shorter than 12. */
  get masked(): string {
    return this.#value.length < shortestToHint ? '[secret]' : `[secret …${this.#value.slice(-4)}]`
  }

  toString(): string {
    return this.masked
  }

  toJSON(): string {
    return this.masked
  }

  [inspect.custom](): string {
    return this.masked
  }
}
