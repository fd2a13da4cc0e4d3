import { deriveSelectionSeed, uint64Text } from '../../src/random.ts'
import { differences } from './difference.ts'

/** What a request's draw is seeded with. */
export interface SelectionSeedVector {
  readonly sessionHash: string
  readonly previousResponseId: string
  readonly model: string
  readonly groupId: string | null
  readonly seed: string
}

const noChance = {
  next64() {
    throw new Error('the seed drew random bits, although the request has an anchor')
  },
}

export function checkSelectionSeed(vector: SelectionSeedVector): string[] {
  const out = new Uint32Array(2)
  const facts = {
    session: vector.sessionHash,
    previousResponse: vector.previousResponseId,
    model: vector.model,
    group: vector.groupId,
  }
  deriveSelectionSeed(out, facts, noChance)
  return differences('seed', vector.seed, uint64Text(out[0]!, out[1]!))
}
