import { call, keepAlive } from './client.ts'
import type { SeededRandom } from './random.ts'
import { percentile, sleep } from './waiting.ts'

/** One turn of a conversation, planned before anything runs, so that several gateways can be given the same. */
export interface PlannedTurn {
  readonly atMs: number
  readonly session: string
  /** Everything said so far, the new message last. */
  readonly messages: readonly { readonly role: 'user' | 'assistant'; readonly content: string }[]
  /** What no cache can hold: the tokens of the new message. */
  readonly newTokens: number
}

/** How a turn went, as the client saw it. */
export interface ServedTurn {
  readonly atMs: number
  readonly newTokens: number
  /** Undefined when it was not served. */
  readonly firstTokenMs: number | undefined
}

/** What a load is made of. */
export interface LoadShape {
  readonly durationMs: number
  readonly sessionsPerSecond: number
  readonly turns: number
  readonly gapMs: number
}

/** Sessions that begin at random and go on with one long and some shorter messages. */
export function planTurns(
  { durationMs, sessionsPerSecond, turns, gapMs }: LoadShape,
  random: SeededRandom,
): readonly PlannedTurn[] {
  const planned: PlannedTurn[] = []
  let session = 0
  for (
    let startMs = 0;
    startMs < durationMs;
    startMs += (-Math.log(1 - random.next()) * 1000) / sessionsPerSecond
  ) {
    const name = `session-${session++}`
    const messages: PlannedTurn['messages'][number][] = []
    for (let turn = 0; turn < turns; turn++) {
      const atMs = startMs + turn * gapMs * (0.5 + random.next())
      if (atMs >= durationMs) break
      const newTokens = turn === 0 ? random.whole(1_000, 4_000) : random.whole(50, 300)
      if (turn > 0) messages.push({ role: 'assistant', content: 'Well.' })
      messages.push({ role: 'user', content: `${name}, ${turn}: ${'word'.repeat(newTokens)}` })
      planned.push({ atMs, session: name, messages: [...messages], newTokens })
    }
  }
  return planned.sort((a, b) => a.atMs - b.atMs)
}

/** Sends each turn at its time, whatever became of the others. */
export async function runTurns(url: string, planned: readonly PlannedTurn[]): Promise<ServedTurn[]> {
  const agent = keepAlive()
  const startedMs = performance.now()
  const served = planned.map(async ({ atMs, session, messages, newTokens }): Promise<ServedTurn> => {
    await sleep(Math.max(0, startedMs + atMs - performance.now()))
    const sentMs = performance.now()
    let firstTokenMs: number | undefined
    const body = { model: 'gpt-5.1', input: messages, stream: true, prompt_cache_key: session }
    const { ending } = await call({
      ...{ url, path: '/v1/responses', body, agent },
      onBytes(soFar) {
        if (firstTokenMs === undefined && soFar.includes('response.output_text.delta'))
          firstTokenMs = performance.now() - sentMs
      },
    })
    return { atMs, newTokens, firstTokenMs: ending === 'whole' ? firstTokenMs : undefined }
  })
  const all = await Promise.all(served)
  agent.destroy()
  return all
}

/** An account's time to first token when it is idle and well. */
export interface IdealPace {
  readonly baseMs: number
  readonly perTokenMs: number
}

/** How many times longer than ideal (an idle account with the best cache) all but the slowest of the turns served took. */
export function slowdown(
  turns: readonly ServedTurn[],
  { baseMs, perTokenMs }: IdealPace,
  share: number,
): number {
  const ratios = turns.flatMap(({ firstTokenMs, newTokens }) =>
    firstTokenMs === undefined ? [] : firstTokenMs / (baseMs + perTokenMs * newTokens),
  )
  return percentile(ratios, share)
}
