import { pooled } from './pooled.ts'

/** Accounts looked at for one request. */
const PROBES = 16
/** Those above this quantile of requests in flight are hot. */
const HOT_QUANTILE = 0.84
const ALPHA = 0.2

/**
 * Prequal's hot-cold rule over 16 random accounts: one is hot when its share of slots in use is above the 84 %
 * quantile of the sample; the cold one with the least latency wins, and if all are hot the one least in use.
 *
 * Unlike there: nobody is probed, for an upstream tells neither load nor latency. In flight is what the gateway has there, at
 * this instant and not as of a probe, as a share of the slots, and who has no slot free is hot; the quantile is this sample's,
 * not that of all probes lately; latency is a moving average (1/5) of the times to first token heard, where a server answers
 * with its median at the load it has, and who was not heard of yet is tried first. Its probes' reuse, age and removal have
 * nothing to stand for.
 * (Wydrowski et al., Load is not what you should balance: Introducing Prequal, NSDI 2024)
 */
export const prequalPolicies = pooled('prequal', ({ accounts, chance }) => {
  const latencyMs = new Float64Array(accounts.length)
  const places = new Int32Array(accounts.length)
  return {
    score(_request, rows, n, { inUse, limit }, out) {
      const count = samplePlaces(places, n, chance.below)
      const use = Array.from(places.subarray(0, count), place => inUse[rows[place]!]! / limit[rows[place]!]!)
      const threshold = use.toSorted((a, b) => a - b)[Math.floor(HOT_QUANTILE * (count - 1))]!
      for (let i = 0; i < n; i++) out[i] = -1e12 * (1 + chance.uniform())
      for (let i = 0; i < count; i++) {
        const place = places[i]!
        const isHot = use[i]! > threshold || use[i]! >= 1
        out[place] = isHot ? -1e9 * (1 + use[i]!) : -latencyMs[rows[place]!]! - 1e-3 * chance.uniform()
      }
    },
    firstToken(account, ms) {
      const before = latencyMs[account]!
      latencyMs[account] = before === 0 ? ms : before + ALPHA * (ms - before)
    },
  }
})

/** Puts {@link PROBES} different places below n in front (all of them when n is less), and answers how many. */
function samplePlaces(places: Int32Array, n: number, below: (n: number) => number): number {
  const count = Math.min(PROBES, n)
  for (let i = 0; i < n; i++) places[i] = i
  for (let i = 0; i < count; i++) {
    const j = i + below(n - i)
    const held = places[i]!
    places[i] = places[j]!
    places[j] = held
  }
  return count
}
