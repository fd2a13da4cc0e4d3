import { drawFor } from '../chance.ts'
import type { SimulatedRequest } from '../policies/policy.ts'
import { ownBlocks, type SessionStart } from '../workload/session.ts'
import { createPrefixCache } from '../world/prefix-cache.ts'
import type { Prompt } from '../world/upstream.ts'
import type { Request, Session } from './request.ts'
import type { Telling } from './telling.ts'
import type { World } from './world.ts'

/** Which draw of a request says where it arrives: a load balancer knows no sessions. */
const GATEWAY = 8

/** The turns of sessions, as requests that a gateway brings to its scheduler. */
export interface Turns {
  /** A session before its first turn. Sessions must be opened in the same order under every policy: luck belongs to requests. */
  open(start: SessionStart): Session
  /** The request of the session's turn, which arrives at this instant. */
  request(session: Session): Request
}

/** What turns are made from. */
export interface TurnOptions {
  readonly world: World
  /** Whether sessions without a key come with a fingerprint. */
  readonly fingerprint: boolean
  readonly telling: Telling
  nowMs(): number
}

export function createTurns({ world, fingerprint, telling, nowMs }: TurnOptions): Turns {
  const { seed, gateways, law, tenants } = world
  const weights = new Map(tenants.map(({ name, weight }) => [name, weight]))
  /** Serials that are some session's: one for each turn it can have. */
  let serials = 0

  function schedule({ start, bound }: Session, prompt: Prompt): SimulatedRequest {
    const { blocks, inputTokens, outputTokens, cache } = prompt
    const weight = weights.get(start.tenant)
    return telling.request({
      model: 'model',
      tenant: start.tenant,
      prefix: blocks,
      cachedTokens: account => cache.cachedTokens(account, blocks, inputTokens, nowMs()),
      inputTokens,
      estimatedTokens: inputTokens + outputTokens,
      ...(start.keyed || fingerprint ? { session: `session-${start.serial}` } : {}),
      ...(weight === undefined ? {} : { tenantWeight: weight }),
      ...(bound === undefined ? {} : { owners: [bound] }),
    })
  }

  return {
    open(start) {
      const firstSerial = serials
      serials += start.template.turns.length
      return { start, firstSerial, cache: createPrefixCache(law.cacheMs), turn: 0, bound: undefined }
    },
    request(session) {
      const { start, cache, turn, firstSerial } = session
      const { inputTokens, outputTokens, ...rest } = start.template.turns[turn]!
      const serial = firstSerial + turn
      const prompt = { serial, cache, blocks: ownBlocks(start, rest), inputTokens, outputTokens }
      return {
        session,
        prompt,
        schedule: schedule(session, prompt),
        gateway: Math.floor(drawFor(seed, serial, 0, GATEWAY) * gateways),
        arrivedMs: nowMs(),
        reusableTokens: cache.cachedTokens(-1, prompt.blocks, inputTokens, nowMs()),
        failedOn: new Set(),
        attempts: 0,
        waitedMs: 0,
        silent: [],
        hedged: false,
        answered: false,
      }
    },
  }
}
