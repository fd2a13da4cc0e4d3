import { type BindingScope, ownerBindingKey } from '../affinity/binding-key.ts'
import { SchedulerError } from '../errors.ts'
import type { MaybePromise } from '../ports.ts'
import type { Core } from './core.ts'
import { isPromise, quietly } from './maybe-promise.ts'

/** Where hard keys lead. */
export type OwnerLookup =
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'none'; readonly reason: 'owner_unknown' | 'conflicting_owners' }

/**
 * Resolves hard keys to the one state domain that holds them all, and prolongs their lives: what is used is kept. A store
 * that fails is an error, not an unknown owner: a guess here would be a certain failure upstream.
 */
export function resolveOwners(
  core: Core,
  scope: BindingScope,
  owners: readonly string[],
): MaybePromise<OwnerLookup> {
  const keys = owners.map(owner => ownerBindingKey(scope, owner))
  const answers = keys.map(key => core.bindings.get(key))
  if (answers.some(isPromise)) return Promise.all(answers).then(domains => used(core, keys, agree(domains)))
  return used(core, keys, agree(answers as (string | undefined)[]))
}

/** Nobody waits for it, and a life that could not be prolonged must not cost the request. */
function used(core: Core, keys: readonly string[], found: OwnerLookup): OwnerLookup {
  if (found.kind === 'none') return found
  for (const key of keys) void quietly(() => core.bindings.refresh(key, core.profile.ownerTtlMs))
  return found
}

function agree(domains: readonly (string | undefined)[]): OwnerLookup {
  const first = domains[0]
  if (first === undefined || domains.includes(undefined)) return { kind: 'none', reason: 'owner_unknown' }
  if (domains.some(domain => domain !== first)) return { kind: 'none', reason: 'conflicting_owners' }
  return { kind: 'domain', domain: first }
}

/**
 * Binds hard keys to a state domain. Ids are unguessable and new: one that another domain has is claimed by an upstream
 * that lies or repeats itself, and who continues it would be led astray. It stays where it is, and the error (or the
 * rejection) is `owned_elsewhere`.
 */
export function bindOwners(
  core: Core,
  scope: BindingScope,
  keys: readonly string[],
  domain: string,
  ttlMs: number,
): MaybePromise<void> {
  const pending = keys
    .map(key => bindOwner(core, ownerBindingKey(scope, key), domain, ttlMs))
    .filter(isPromise)
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined)
}

function bindOwner(core: Core, key: string, domain: string, ttlMs: number): MaybePromise<void> {
  const holder = core.bindings.bindIfAbsent(key, domain, ttlMs)
  const settle = (held: string): MaybePromise<void> => {
    if (held !== domain)
      throw new SchedulerError('owned_elsewhere', 'The id is bound to another state domain already.')
    return core.bindings.refresh(key, ttlMs)
  }
  return isPromise(holder) ? holder.then(settle) : settle(holder)
}

/** Forgets hard keys, each only while it is bound to what it was found bound to. */
export async function unbindOwners(core: Core, scope: BindingScope, keys: readonly string[]): Promise<void> {
  for (const owner of keys) {
    const key = ownerBindingKey(scope, owner)
    const domain = await core.bindings.get(key)
    if (domain !== undefined) await core.bindings.unbind(key, domain)
  }
}

/** What a failing store is to the caller. */
export function storeFailed(what: string, cause: unknown): SchedulerError {
  // A key that is none never reached the store.
  if (cause instanceof SchedulerError) return cause
  const detail = cause instanceof Error ? cause.message : String(cause)
  return new SchedulerError('store_failed', `${what} failed: ${detail}`, { cause })
}
