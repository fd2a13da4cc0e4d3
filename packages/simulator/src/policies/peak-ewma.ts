import { pooled } from './pooled.ts'
import { scoreTwo } from './two-choices.ts'

const DECAY_MS = 10_000
/** What an account without a sample is taken for when it is busy already; idle it is free to try. */
const PENALTY_MS = 60_000

/**
 * Finagle's Peak EWMA over two random accounts: cost = e (in flight + 1), where e jumps up to a latency above it and
 * decays towards those below, by exp(-dt / 10 s). Latency is time to first token. In flight counts a slot's share, for
 * accounts are of different sizes.
 * (https://github.com/twitter/finagle finagle-core/.../loadbalancer/PeakEwma.scala; Envoy's peak_ewma policy)
 */
export const peakEwmaPolicies = pooled('peak-ewma', ({ accounts, chance, nowMs }) => {
  const costMs = new Float64Array(accounts.length)
  const sinceMs = new Float64Array(accounts.length)

  function observe(account: number, ms: number): void {
    const now = nowMs()
    if (ms > costMs[account]!) costMs[account] = ms
    else {
      const kept = Math.exp(-(now - sinceMs[account]!) / DECAY_MS)
      costMs[account] = costMs[account]! * kept + ms * (1 - kept)
    }
    sinceMs[account] = now
  }

  return {
    score(_request, rows, n, { inUse, limit }, out) {
      const cost = (row: number) => {
        const inFlight = (inUse[row]! * 8) / limit[row]!
        if (costMs[row] === 0) return inFlight > 0 ? PENALTY_MS + inFlight : 0
        return costMs[row]! * (inFlight + 1)
      }
      scoreTwo(rows, n, chance, cost, out)
    },
    firstToken: observe,
  }
})
