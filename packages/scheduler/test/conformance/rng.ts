import { createSelectionRandom, uint64Text } from '../../src/random.ts'
import { differences } from './difference.ts'
import { uint64Halves } from './uint64.ts'

/** The first outputs of a seed, as integers and, from a fresh generator, as numbers in [0, 1). */
export interface RngVector {
  readonly seed: string
  readonly uint64: readonly string[]
  readonly float64: readonly number[]
}

export function checkRng(vector: RngVector): string[] {
  const random = createSelectionRandom()
  const [low, high] = uint64Halves(vector.seed)
  const out = new Uint32Array(2)
  random.seed(low, high)
  const integers = vector.uint64.map(() => {
    random.nextUint64(out)
    return uint64Text(out[0]!, out[1]!)
  })
  random.seed(low, high)
  const floats = vector.float64.map(() => random.nextFloat64())
  return [
    ...differences('uint64', vector.uint64, integers),
    ...differences('float64', vector.float64, floats),
  ]
}
