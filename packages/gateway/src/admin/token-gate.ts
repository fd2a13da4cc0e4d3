import { createHash, timingSafeEqual } from 'node:crypto'
import type { Clock } from '@headgate/scheduler'
import { sourceOf } from '../proxy/admission/address-source.ts'
import { GatewayError } from '../proxy/errors/errors.ts'

/** Who may use the admin API. */
export interface TokenGate {
  /** Undefined for whoever presents the token; else what to answer. Costs two digests. */
  refusal(authorization: string | undefined, token: string, address: string): GatewayError | undefined
}

/** Wrong tokens of one address in a minute; the next one is not compared any more. */
const maxWrong = 10
const windowMs = 60_000
/** Addresses that are remembered; beyond it the oldest is forgotten. */
const maxAddresses = 10_000

interface Wrong {
  count: number
  readonly sinceMs: number
}

/**
 * Compares in constant time, and lets nobody guess: ten wrong tokens a minute from one address, then 429 until the
 * minute is over, whatever it presents. A request without any token is not a guess.
 */
export function createTokenGate(clock: Clock): TokenGate {
  const wrong = new Map<string, Wrong>()

  function recent(address: string): Wrong | undefined {
    const entry = wrong.get(address)
    if (entry === undefined || clock.monotonicMs() - entry.sinceMs < windowMs) return entry
    wrong.delete(address)
    return undefined
  }

  function count(address: string): void {
    const entry = recent(address)
    if (entry !== undefined) {
      entry.count++
      return
    }
    if (wrong.size >= maxAddresses) wrong.delete(wrong.keys().next().value!)
    wrong.set(address, { count: 1, sinceMs: clock.monotonicMs() })
  }

  return {
    refusal(authorization, token, address) {
      if (authorization === undefined) return new GatewayError('admin_token_required')
      const source = sourceOf(address)
      const entry = recent(source)
      if (entry !== undefined && entry.count >= maxWrong) {
        return new GatewayError('too_many_attempts', {
          values: { limit: maxWrong },
          retryAfterMs: windowMs - (clock.monotonicMs() - entry.sinceMs),
        })
      }
      if (presents(authorization, token)) return undefined
      count(source)
      return new GatewayError('admin_token_invalid')
    },
  }
}

/** Whether an Authorization header presents a token. The scheme's name counts in any case (RFC 9110). */
function presents(authorization: string, token: string): boolean {
  const [, given = ''] = /^bearer +(\S+) *$/i.exec(authorization) ?? []
  // Digests, because timingSafeEqual wants equal lengths and a length is a hint.
  return timingSafeEqual(digest(given), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
