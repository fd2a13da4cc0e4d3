import type { EventSourceMessage } from 'eventsource-parser'
import { readFailure } from './failure.ts'
import { EventTap, parseObject } from './stream-tap.ts'

/**
 * Watches a stream of an endpoint whose events the gateway does not know: images, speech, transcripts. Whatever is no
 * error is output. Nothing says which event is the last, so the end of the HTTP message is: a cut there is seen by
 * its framing.
 */
export class PlainTap extends EventTap {
  protected event(message: EventSourceMessage): void {
    const { data } = message
    if (message.event === 'error' || data.includes('"error"')) {
      const object = parseObject(data)
      const error = object?.['error']
      const told = typeof error === 'object' && error !== null
      if (told || message.event === 'error' || object?.['type'] === 'error') {
        this.failure ??= readFailure(told ? error : object)
        return
      }
    }
    this.began = true
    this.sawOutput = true
  }

  override end(): void {
    super.end()
    if (this.failure === undefined) this.terminal ??= 'completed'
  }
}
