import { pooled } from './pooled.ts'
import { scoreTwo } from './two-choices.ts'

const DECAY_MS = 10_000
/** What an account without a sample is taken for when it is busy already; idle it is free to try. */
const PENALTY_MS = 60_000

/**
 * Finagle's Peak EWMA over two random accounts: cost = e (in flight + 1), where e jumps up to a latency above it and
 * decays towards those below, and towards 0 while none is heard, by exp(-dt / 10 s).
 *
 * Unlike there: latency is time to first token, not to the answer's end, and of answers alone: an attempt that fails at once
 * is no fast one. In flight is counted in slots of an account of 8, for accounts are of different sizes.
 * (https://github.com/twitter/finagle finagle-core/.../loadbalancer/PeakEwma.scala; Envoy's peak_ewma policy)
 */
export const peakEwmaPolicies = pooled('peak-ewma', ({ accounts, chance, nowMs }) => {
  const costMs = new Float64Array(accounts.length)
  const sinceMs = new Float64Array(accounts.length)

  /** What is left of a cost by now: it decays while nothing is heard, too. */
  function decay(account: number): number {
    const now = nowMs()
    costMs[account] = costMs[account]! * Math.exp(-(now - sinceMs[account]!) / DECAY_MS)
    sinceMs[account] = now
    return costMs[account]
  }

  function observe(account: number, ms: number): void {
    const kept = Math.exp(-(nowMs() - sinceMs[account]!) / DECAY_MS)
    costMs[account] = Math.max(ms, decay(account) + ms * (1 - kept))
  }

  return {
    score(_request, rows, n, { inUse, limit }, out) {
      const cost = (row: number) => {
        const inFlight = (inUse[row]! * 8) / limit[row]!
        const left = decay(row)
        if (left === 0) return inFlight > 0 ? PENALTY_MS + inFlight : 0
        return left * (inFlight + 1)
      }
      scoreTwo(rows, n, chance, cost, out)
    },
    firstToken: observe,
  }
})
