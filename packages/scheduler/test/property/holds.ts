import * as fc from 'fast-check'

/**
 * Runs a property so many times. A failure prints its seed and path; `FC_SEED=<seed>` in the environment repeats
 * the same runs.
 */
export async function holds<T>(property: fc.IRawProperty<T>, numRuns: number): Promise<void> {
  const given = process.env['FC_SEED']
  await fc.assert(property, { numRuns, ...(given === undefined ? {} : { seed: Number(given) }) })
}
