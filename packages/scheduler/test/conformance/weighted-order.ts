import { weightedRandom } from '../../src/pickers/weighted-random.ts'
import { createSelectionRandom, deriveSelectionSeed } from '../../src/random.ts'
import { candidateColumns, type VectorCandidate } from './candidates.ts'
import { differences } from './difference.ts'

/** The order in which ranked candidates are tried for a request. */
export interface WeightedOrderVector {
  readonly candidates: readonly VectorCandidate[]
  readonly sessionHash: string
  readonly previousResponseId: string
  readonly model: string
  readonly groupId: string | null
  readonly order: readonly number[]
}

const noChance = {
  next64() {
    throw new Error('the draw used random bits, although the request has an anchor')
  },
}

export function checkWeightedOrder(vector: WeightedOrderVector): string[] {
  const { columns, indices, scores } = candidateColumns(vector.candidates)
  const random = createSelectionRandom()
  const seed = new Uint32Array(2)
  const facts = {
    session: vector.sessionHash,
    previousResponse: vector.previousResponseId,
    model: vector.model,
    group: vector.groupId,
  }
  deriveSelectionSeed(seed, facts, noChance)
  random.seed(seed[0]!, seed[1]!)
  const draw = weightedRandom(vector.candidates.length).createDraw()
  draw.begin({ rows: indices, scores, n: indices.length }, columns, random)
  const order: (number | undefined)[] = []
  for (let place = draw.next(); place !== -1; place = draw.next()) order.push(columns.order[indices[place]!])
  return differences('order', vector.order ?? [], order)
}
