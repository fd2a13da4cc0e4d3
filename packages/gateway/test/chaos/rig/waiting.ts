import { setTimeout as sleep } from 'node:timers/promises'
import { ClaimBroken } from './scenario.ts'

export { sleep }

/** Looks every 20 ms until `test` holds, and answers how long that took; throws after `withinMs`. */
export async function until(
  what: string,
  withinMs: number,
  test: () => boolean | Promise<boolean>,
): Promise<number> {
  const since = performance.now()
  for (;;) {
    if (await test()) return performance.now() - since
    if (performance.now() - since > withinMs) throw new ClaimBroken(`${what}: not within ${withinMs} ms`)
    await sleep(20)
  }
}

/** The value below which `share` of the values lie; 0 for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0
}
