import { hash } from 'node:crypto'
import type { HeaderList } from '../../wire/header-list.ts'
import { GatewayError } from '../errors/errors.ts'
import type { RequestScan } from './scan.ts'

/** Headers a caller sets for this gateway (or its like) on purpose: before anything in the body. */
const explicitHeaders = ['x-headgate-session-id', 'x-session-id', 'x-litellm-session-id', 'x-bf-session-id']

/** Headers agents send by themselves: after the body's own key. Newer names first. */
const agentHeaders = [
  'session-id',
  'session_id',
  'conversation_id',
  'thread-id',
  'x-session-affinity',
  'x-opencode-session',
  'x-claude-code-session-id',
  'x-grok-conv-id',
]

const recognised = new Set([...explicitHeaders, ...agentHeaders])
const maxSessionChars = 512
const sessionShape = /^[\x20-\x7e]{1,512}$/

/**
 * The soft key of a request: where its prompt cache is warm. In order: a header set on purpose, the body's
 * `prompt_cache_key`, a header agents send, and at last what the caller derives from the request itself
 * (`lastResort`, called when nothing else is there; scoped and hashed already). Hashed with the tenant, because the draw among accounts is seeded by it:
 * two tenants with one key must not meet at one account time and again. The same whichever model is named, so that a
 * conversation that changes models keeps its account. `x-client-request-id` and `user` are never used: neither names
 * a session.
 *
 * Throws `duplicate_header` when a session header comes twice, `invalid_session_key` when one set on purpose is
 * empty, too long or not visible ASCII; such a header of an agent's is ignored.
 */
export function sessionKey(
  tenant: string,
  headers: HeaderList,
  scan: RequestScan | undefined,
  lastResort?: () => string | undefined,
): string | undefined {
  let found: Map<string, string> | undefined
  for (const [name, value] of headers) {
    if (!recognised.has(name)) continue
    found ??= new Map()
    if (found.has(name)) throw new GatewayError('duplicate_header', { values: { header: name } })
    found.set(name, value)
  }
  const text = explicit(found) ?? cacheKey(scan) ?? ofAgent(found)
  return text === undefined
    ? lastResort?.()
    : hash('sha256', `session:${tenant.length}:${tenant}:${text}`, 'hex')
}

function explicit(found: ReadonlyMap<string, string> | undefined): string | undefined {
  if (found === undefined) return undefined
  for (const name of explicitHeaders) {
    const value = found.get(name)
    if (value === undefined) continue
    if (!sessionShape.test(value)) {
      throw new GatewayError('invalid_session_key', { values: { header: name, limit: maxSessionChars } })
    }
    return value
  }
  return undefined
}

function ofAgent(found: ReadonlyMap<string, string> | undefined): string | undefined {
  if (found === undefined) return undefined
  for (const name of agentHeaders) {
    const value = found.get(name)
    if (value !== undefined && sessionShape.test(value)) return value
  }
  return undefined
}

/** A key of another type or of absurd length is the upstream's to refuse: it only gives no affinity. */
function cacheKey(scan: RequestScan | undefined): string | undefined {
  const field = scan?.field('prompt_cache_key')
  if (scan === undefined || field?.kind !== 'string' || field.end - field.start > 4 * maxSessionChars)
    return undefined
  const value = scan.value(field)
  return typeof value === 'string' && value !== '' ? value : undefined
}
