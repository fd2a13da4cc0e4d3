import { adaptiveProfile } from '../../src/index.ts'
import { createWorld, type World } from '../engine/world.ts'

/** So many accounts of so many slots each. */
export const accounts = (n: number, concurrency = 4) =>
  Array.from({ length: n }, (_, i) => ({ id: `a${i}`, concurrency }))

/** A world of so many accounts of four slots, with profile `adaptive`. */
export const adaptive = (n: number, options: Partial<Parameters<typeof createWorld>[0]> = {}) =>
  createWorld({ accounts: accounts(n), profile: adaptiveProfile(), ...options })

/** One whole request: its first token after `ttftMs`, its end a second later. */
export async function serve(
  world: World,
  request: Parameters<World['scheduler']['acquire']>[0],
  ttftMs = 500,
) {
  const lease = await world.scheduler.acquire(request)
  world.clock.advance(ttftMs)
  lease.firstToken()
  world.clock.advance(1_000)
  const usage = { inputTokens: request.inputTokens ?? 0, cachedTokens: 0, outputTokens: 100 }
  lease.settle({ outcome: { kind: 'ok' }, usage })
  return lease.account.id
}
