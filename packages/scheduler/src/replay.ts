import type { Decision, DecisionRow } from './model/decision.ts'
import { drawFirst } from './pickers/best-first.ts'
import { createSelectionRandom, type SelectionRandom } from './random.ts'

/** What a recorded decision says when its arithmetic is done again. */
export interface Replay {
  /** Every recorded score is the left-to-right sum of its terms. */
  readonly scoresAgree: boolean
  /**
   * The accounts of the top K in the order the recorded seed draws them; undefined where the record does not tell:
   * another picker than `weighted-random` and `best-first`, or more candidates drawn from than recorded.
   */
  readonly order: readonly string[] | undefined
  /** What was tried by draw was tried in that order; undefined like `order`. */
  readonly orderAgrees: boolean | undefined
}

/**
 * Does a decision's arithmetic again from its record alone: scores from terms, and the draw from seed and scores.
 * It needs no scheduler, no clock and no store; a decision that does not agree was made by other code.
 */
export function replay(decision: Decision): Replay {
  const scoresAgree = decision.rows.every(row => row.terms.length === 0 || sum(row.terms) === row.score)
  const order = orderOf(decision)
  if (order === undefined) return { scoresAgree, order, orderAgrees: undefined }
  // An account that its binding led to first is drawn, but not asked twice.
  const asked = new Set(decision.attempts.filter(({ by }) => by === 'binding').map(({ account }) => account))
  const expected = order.filter(account => !asked.has(account))
  const tried = decision.attempts.filter(({ by }) => by === 'draw').map(({ account }) => account)
  return { scoresAgree, order, orderAgrees: tried.every((account, place) => expected[place] === account) }
}

function orderOf({ picker, rows, topK, seed }: Decision): readonly string[] | undefined {
  const draw = DRAWS[picker]
  if (draw === undefined || topK > rows.length) return undefined
  const top = rows.slice(0, topK)
  return seed === undefined ? top.map(row => row.account) : draw(top, seeded(seed))
}

type Redraw = (rows: readonly DecisionRow[], random: SelectionRandom) => string[]

const DRAWS: Readonly<Record<string, Redraw>> = { 'weighted-random': weighted, 'best-first': cheapest }

function cheapest(rows: readonly DecisionRow[], random: SelectionRandom): string[] {
  const scores = rows.map(row => row.score)
  const first = drawFirst(scores, rows.length, random)
  const ids = rows.map(row => row.account)
  return ids.length === 0 ? [] : [ids[first]!, ...ids.filter((_, place) => place !== first)]
}

/** The weighted draw as the picker has it, over a record; see pickers/weighted-random.ts. */
function weighted(rows: readonly DecisionRow[], random: SelectionRandom): string[] {
  const least = Math.min(...rows.map(row => row.score))
  const left = rows.map(row => ({ account: row.account, weight: weightOf(row, least) }))
  const order: string[] = []
  while (left.length > 1) {
    const r = random.nextFloat64() * sum(left.map(({ weight }) => weight))
    let reached = 0
    let at = left.findIndex(({ weight }) => {
      reached += weight
      return r <= reached
    })
    if (at < 0) at = 0
    order.push(...left.splice(at, 1).map(({ account }) => account))
  }
  return [...order, ...left.map(({ account }) => account)]
}

function weightOf(row: DecisionRow, least: number): number {
  const weight = row.score - least + 1
  return (weight > 0 && weight < Number.POSITIVE_INFINITY ? weight : 1) * row.share
}

function seeded(seed: string): SelectionRandom {
  const bits = BigInt(seed)
  const random = createSelectionRandom()
  random.seed(Number(bits & 0xffffffffn), Number(bits >> 32n))
  return random
}

function sum(values: readonly number[]): number {
  let total = 0
  for (const value of values) total += value
  return total
}
