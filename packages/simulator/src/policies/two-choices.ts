import type { Columns } from '@headgate/scheduler'
import type { Chance } from '../chance.ts'
import { pooled } from './pooled.ts'

/** Two different places below n; the same twice when there is only one. */
export function twoPlaces(n: number, chance: Chance): readonly [number, number] {
  const first = chance.below(n)
  if (n === 1) return [first, first]
  const second = chance.below(n - 1)
  return [first, second >= first ? second + 1 : second]
}

/** Scores two sampled candidates by a cost, the others below them in random order. */
export function scoreTwo(
  rows: Int32Array,
  n: number,
  chance: Chance,
  cost: (row: number) => number,
  out: Float64Array,
): void {
  if (n === 0) return
  for (let i = 0; i < n; i++) out[i] = -1e12 * (1 + chance.uniform())
  for (const place of twoPlaces(n, chance)) out[place] = -cost(rows[place]!)
}

/** The share of an account's slots that is in use. */
export function utilisation({ inUse, limit }: Columns, row: number): number {
  return inUse[row]! / limit[row]!
}

/**
 * The less loaded of two random accounts: cost = in use / slots. Unlike there the two are never the same one, as in Envoy and
 * nginx, and load is a share of the slots, for accounts are of different sizes; when both are full, any other serves.
 * (Mitzenmacher, The Power of Two Choices in Randomized Load Balancing, 2001)
 */
export const twoChoicesPolicies = pooled('two-choices', ({ chance }) => ({
  score(_request, rows, n, columns, out) {
    scoreTwo(rows, n, chance, row => utilisation(columns, row), out)
  },
}))
