import { SchedulerError } from '../errors.ts'

/** The longest key material a request may bring: a SHA-256 in hex is 64. */
export const MAX_KEY_LENGTH = 255

/** Whose binding it is: every part is in every key, so that no tenant can meet another's. */
export interface BindingScope {
  readonly tenant: string
  readonly pool: string
  /** The reference's group; null is a group of its own. */
  readonly group: string | null
}

/** The key of a session's binding to an account. */
export function sessionBindingKey(scope: BindingScope, session: string): string {
  return scoped('s', scope, session)
}

/** The key of a response id's binding to an account (the reference's own owner layer). */
export function responseBindingKey(scope: BindingScope, responseId: string): string {
  return scoped('r', scope, responseId)
}

/** The key of a hard key's binding to a state domain. Upstream ids know no groups: whoever of a tenant has one may use it. */
export function ownerBindingKey(scope: BindingScope, owner: string): string {
  return scoped('o', { ...scope, group: null }, owner)
}

// Lengths stand before the parts: ('a', 'bc') and ('ab', 'c') must not meet in one key.
function scoped(kind: string, { tenant, pool, group }: BindingScope, key: string): string {
  if (key.length > MAX_KEY_LENGTH) {
    throw new SchedulerError(
      'invalid_request',
      `A binding key has ${key.length} characters; the limit is ${MAX_KEY_LENGTH}. Hash the key before you pass it.`,
    )
  }
  const groupPart = group === null ? '-' : `${group.length}.${group}`
  return `${kind}:${tenant.length}.${tenant}:${pool.length}.${pool}:${groupPart}:${key}`
}
