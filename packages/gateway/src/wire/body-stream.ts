/**
 * A body that is passed on while it arrives. It is pulled one chunk at a time, and what nobody pulls stays where it
 * is: whoever sends it feels the pace of whoever takes it. Iterating throws what is wrong with it; it is iterated at
 * most once.
 */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  /** Its announced length in bytes; undefined when none was announced. */
  readonly length: number | undefined
  /** Nobody will pull any more: a pull that waits ends as if the body had ended. Idempotent. */
  cancel(): void
}
