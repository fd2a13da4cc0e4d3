/**
 * Runs every step after the one before, also when that one failed. Rejects at the end with what failed: the error
 * itself, or an `AggregateError` of several.
 */
export async function inOrder(steps: readonly (() => unknown)[]): Promise<void> {
  const errors: unknown[] = []
  for (const step of steps) {
    try {
      await step()
    } catch (error) {
      errors.push(error)
    }
  }
  if (errors.length === 1) throw errors[0]
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} parts could not be closed.`)
}
