import { GatewayError } from '../errors/errors.ts'
import type { PipelineDeps } from '../pipeline-deps.ts'
import type { Binds } from './binds.ts'

/**
 * Throws `state_unavailable` when the id of an answer could not be bound now: nobody would be told the answer, and
 * it would have been paid for. Contents of answers that are not stored are bound if there are any, and may fail then.
 */
export function ensureBindable({ checkBindings }: PipelineDeps, { answer }: Binds): void {
  if (answer === undefined || checkBindings === undefined) return
  try {
    checkBindings()
  } catch (cause) {
    throw new GatewayError('state_unavailable', { cause })
  }
}
