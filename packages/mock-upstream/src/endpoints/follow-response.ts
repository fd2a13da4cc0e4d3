import type { Exchange } from '../exchange.ts'
import { splitTokens } from '../reply-text.ts'
import type { StoredResponse } from '../stored-responses.ts'
import { endedScript, responsesScript } from '../stream/responses-events.ts'
import { type Pace, StreamPump, type StreamScript } from '../stream/stream-pump.ts'
import { responsesWording } from './responses-wording.ts'

/**
 * Streams a response that is stored: what has happened at once, the rest when it happens, events up to
 * `startingAfter` left out. The stream ends early when the response is cancelled, deleted or fails; leaving it stops
 * nothing.
 */
export function followResponse(exchange: Exchange, stored: StoredResponse, startingAfter: number): void {
  const wording = responsesWording(stored.draft, () => {})
  const first = startingAfter + 1
  exchange.wording = {
    ...wording,
    firstDelta: Math.max(0, wording.firstDelta - first),
    deltaEvent: (text, sequence) => wording.deltaEvent(text, first + sequence),
    errorEvents: (fault, sequence) => wording.errorEvents(fault, first + sequence),
  }
  exchange.record.stream = true
  exchange.openStream()
  const pump = new StreamPump(exchange, scriptOf(exchange, stored, startingAfter), paceOf(exchange, stored))
  const end = () => pump.stop()
  stored.live?.followers.add(end)
  exchange.onEnd = () => stored.live?.followers.delete(end)
  pump.start()
}

function scriptOf(exchange: Exchange, stored: StoredResponse, startingAfter: number): StreamScript {
  const { draft, state } = stored
  if (state.status === 'failed' || state.status === 'cancelled')
    return endedScript(exchange, draft, { state, startingAfter })
  return responsesScript(exchange, draft, {
    tokens: splitTokens(draft.reply.text),
    startingAfter,
    settle: done => stored.live?.settle(done) ?? stored.state,
  })
}

function paceOf(exchange: Exchange, { live }: StoredResponse): Pace {
  if (live == null) return { firstTokenMs: 0, tokensPerSecond: 0 }
  const { firstTokenAtMs, tokensPerSecond } = live
  const firstTokenMs = Math.max(0, firstTokenAtMs - exchange.now())
  return { firstTokenMs, tokensPerSecond, decodingSinceMs: firstTokenAtMs }
}
