import { hash, timingSafeEqual } from 'node:crypto'
import type { HeaderList } from '../../wire/header-list.ts'
import { GatewayError } from '../errors/errors.ts'
import type { RateLimits } from './rates.ts'

/** What one client entry may do. Its keys are known only as digests. */
export interface ClientAccess {
  readonly name: string
  /** Scopes bindings, queue shares and limits. */
  readonly tenant: string
  /** Name of the pool that serves it. */
  readonly pool: string
  /** Names of pools it may choose instead. Default none. */
  readonly pools?: readonly string[] | undefined
  /** Patterns of the models it may use, never empty; undefined means every model. */
  readonly models?: readonly string[] | undefined
  /** Whether it may create batches, whose files are not read here. Default true. */
  readonly batches?: boolean | undefined
  /** Requests under way at once, waiting ones included; undefined means unlimited. */
  readonly concurrency?: number | undefined
  /** Slots its tenant may hold at once in a pool; undefined means unlimited. */
  readonly slots?: number | undefined
  /** Its tenant's share of freed slots while several wait, above 0. Default 1. */
  readonly weight?: number | undefined
  /** Its band while it waits: higher is served first. Default 0. */
  readonly priority?: number | undefined
  /** What it may do in a minute; undefined means unlimited. */
  readonly rates?: RateLimits | undefined
  /** `headers`: answers tell the account, the attempts and the decision. Default `none`. */
  readonly diagnostics?: 'none' | 'headers' | undefined
}

/** A key that is known, and whose it is. */
export interface Credential {
  readonly client: ClientAccess
  /** SHA-256 in lower-case hex. */
  readonly digest: string
}

/** Finds the client of a key. */
export interface ClientLookup {
  /** Of all clients. */
  readonly names: ReadonlySet<string>
  /** Of all clients. */
  readonly tenants: ReadonlySet<string>
  /** Of all clients, each once, lowest first. */
  readonly priorities: readonly number[]
  /** `digestHex` is the SHA-256 of the key in lower-case hex. */
  byDigest(digestHex: string): Credential | undefined
}

/** SHA-256 of a key in lower-case hex: the only form in which a key is kept or compared. */
export function keyDigest(key: string): string {
  return hash('sha256', key, 'hex')
}

/** Builds the lookup from entries with the digests of their keys ({@link keyDigest}). */
export function createClientLookup(
  entries: Iterable<{ readonly access: ClientAccess; readonly digests: readonly string[] }>,
): ClientLookup {
  const byDigest = new Map<string, { credential: Credential; bytes: Buffer }>()
  for (const { access, digests } of entries) {
    for (const digest of digests) {
      byDigest.set(digest, { credential: { client: access, digest }, bytes: Buffer.from(digest, 'hex') })
    }
  }
  const all = [...byDigest.values()].map(({ credential }) => credential.client)
  const priorities = new Set(all.map(({ priority = 0 }) => priority))
  return {
    names: new Set(all.map(({ name }) => name)),
    tenants: new Set(all.map(({ tenant }) => tenant)),
    priorities: [...priorities].sort((a, b) => a - b),
    byDigest(digestHex) {
      // Finding by digest leaks nothing useful of the key; the comparison is still made in constant time.
      const found = byDigest.get(digestHex)
      if (found === undefined) return undefined
      return timingSafeEqual(found.bytes, Buffer.from(digestHex, 'hex')) ? found.credential : undefined
    },
  }
}

const keyHeaders = ['api-key', 'x-api-key'] as const

// Names under which credentials are put into URLs by mistake.
const queryCredential = /[?&](api[-_]?key|x-api-key|key|access[-_]token|token|authorization|sig)=/i

// What any key of ours looks like: the shape is checked before anything is looked up.
const keyShape = /^[\x21-\x7e]{8,4096}$/

/**
 * Answers whose request it is. Exactly one credential is accepted (`Authorization: Bearer`, `api-key` or
 * `x-api-key`; the same key in two of them is one). Throws 401 `missing_api_key`, `malformed_authorization`,
 * `invalid_api_key`, or 400 `duplicate_credentials`, `conflicting_credentials`, `credentials_in_query`. An
 * unknown and a revoked key get the same answer.
 */
export function authenticate(headers: HeaderList, target: string, clients: ClientLookup): Credential {
  const query = target.includes('?') ? queryCredential.exec(target) : null
  if (query !== null) throw new GatewayError('credentials_in_query', { values: { name: query[1]! } })
  const key = readKey(headers)
  const credential = keyShape.test(key) ? clients.byDigest(keyDigest(key)) : undefined
  if (credential === undefined) throw new GatewayError('invalid_api_key')
  return credential
}

function readKey(headers: HeaderList): string {
  const authorization = single(headers, 'authorization')
  let key = authorization === undefined ? undefined : bearer(authorization)
  let from = 'Authorization'
  for (const name of keyHeaders) {
    const value = single(headers, name)
    if (value === undefined) continue
    if (key !== undefined && key !== value) {
      throw new GatewayError('conflicting_credentials', { values: { first: from, second: name } })
    }
    key = value
    from = name
  }
  if (key === undefined) throw new GatewayError('missing_api_key')
  return key
}

function bearer(value: string): string {
  const scheme = value.slice(0, 7)
  const key = value.slice(7)
  if (scheme.toLowerCase() !== 'bearer ' || key === '' || /\s/.test(key)) {
    throw new GatewayError('malformed_authorization')
  }
  return key
}

function single(headers: HeaderList, name: string): string | undefined {
  let found: string | undefined
  for (const [field, value] of headers) {
    if (field !== name) continue
    if (found !== undefined) throw new GatewayError('duplicate_credentials', { values: { header: name } })
    found = value
  }
  return found
}
