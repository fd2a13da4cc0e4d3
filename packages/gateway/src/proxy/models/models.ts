import { type Clock, type ModelRules, upstreamModel } from '@headgate/scheduler'
import { editDistance } from '../../text/edit-distance.ts'
import type { Upstream, UpstreamTarget } from '../../wire/upstream.ts'
import { collect } from '../attempt/collect.ts'

/** What the directory needs to know of an account. */
export interface ModelSource {
  readonly id: string
  readonly target: UpstreamTarget
  /** The scheduler's own rules; undefined means every model, under its own name. */
  readonly models?: ModelRules | undefined
}

/** What a pool serves: the list behind `GET /v1/models`, and the names a 404 may suggest. */
export interface ModelDirectory {
  /**
   * Exact names and mapping keys of the accounts, and what accounts with wildcards (or without rules) answer
   * themselves; sorted, each once. An account that does not answer contributes what it answered last.
   */
  list(accounts: Iterable<ModelSource>): Promise<readonly string[]>
  /** Up to five of those names, of those `shown`, nearest to `model`; without asking any upstream. */
  nearest(accounts: Iterable<ModelSource>, model: string, shown: (name: string) => boolean): readonly string[]
  /** Forgets what accounts that are not among these answered, or answered at another address. */
  retain(accounts: Iterable<ModelSource>): void
}

interface Cached {
  readonly untilMs: number
  readonly names: readonly string[]
}

interface DirectoryDeps {
  readonly upstream: Upstream
  readonly clock: Clock
}

const keepMs = 60_000
const maxListBytes = 4 << 20
const maxAccountsCached = 1000

/** Builds a directory that asks each account at most once a minute. */
export function createModelDirectory(deps: DirectoryDeps): ModelDirectory {
  const { clock } = deps
  const cache = new Map<string, Cached>()
  const asking = new Map<string, Promise<readonly string[]>>()

  async function ask(account: ModelSource): Promise<readonly string[]> {
    const place = placeOf(account)
    const known = cache.get(place)
    if (known !== undefined && known.untilMs > clock.monotonicMs()) return known.names
    const running = asking.get(place)
    if (running !== undefined) return running
    const answer = fetchNames(account.target, deps).then(names => {
      asking.delete(place)
      const kept = names ?? known?.names ?? []
      if (cache.size >= maxAccountsCached) cache.clear()
      cache.set(place, { untilMs: clock.monotonicMs() + keepMs, names: kept })
      return kept
    })
    asking.set(place, answer)
    return answer
  }

  return {
    async list(accounts) {
      const names = new Set<string>()
      const asked: Promise<void>[] = []
      for (const account of accounts) {
        addExact(names, account)
        if (!hasWildcard(account)) continue
        const answer = ask(account).then(found => addServed(names, account, found))
        asked.push(answer)
      }
      await Promise.all(asked)
      return [...names].sort()
    },
    nearest(accounts, model, shown) {
      const names = new Set<string>()
      for (const account of accounts) {
        addExact(names, account)
        if (hasWildcard(account)) addServed(names, account, cache.get(placeOf(account))?.names ?? [])
      }
      return nearestNames([...names].filter(shown), model)
    },
    retain(accounts) {
      const places = new Set([...accounts].map(placeOf))
      for (const place of cache.keys()) if (!places.has(place)) cache.delete(place)
    },
  }
}

/** An account that moves to another address is asked anew: no id holds a space. */
function placeOf({ id, target }: ModelSource): string {
  return `${id} ${target.baseUrl}`
}

function addExact(names: Set<string>, account: ModelSource): void {
  if (account.models === undefined) return
  for (const name of namesOf(account.models)) if (!name.endsWith('*')) names.add(name)
}

function addServed(names: Set<string>, account: ModelSource, found: readonly string[]): void {
  for (const name of found) if (upstreamModel(account.models, name) !== undefined) names.add(name)
}

function hasWildcard(account: ModelSource): boolean {
  const names = account.models === undefined ? [] : namesOf(account.models)
  return names.length === 0 || names.some(name => name.endsWith('*'))
}

/** The names and patterns that clients may ask for. */
function namesOf(rules: ModelRules): readonly string[] {
  return Array.isArray(rules) ? rules : Object.keys(rules)
}

function nearestNames(names: Iterable<string>, model: string): readonly string[] {
  const wanted = model.slice(0, 100).toLowerCase()
  return [...names]
    .filter(name => name.length <= 100)
    .slice(0, 500)
    .map(name => ({ name, distance: editDistance(wanted, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 5)
    .map(found => found.name)
}

/** Undefined when the account gave no readable list. */
async function fetchNames(
  target: UpstreamTarget,
  { upstream, clock }: DirectoryDeps,
): Promise<readonly string[] | undefined> {
  const headers = [
    ['accept', 'application/json'],
    ['accept-encoding', 'identity'],
  ] as const
  const request = { target, method: 'GET', path: '/models', headers, body: null }
  const answer = await collect(upstream, request, { limitBytes: maxListBytes, clock })
  if (answer.kind !== 'reply' || answer.status !== 200) return undefined
  try {
    const parsed = JSON.parse(Buffer.from(answer.body).toString('utf8')) as { data?: unknown }
    if (!Array.isArray(parsed.data)) return undefined
    return parsed.data
      .map((item: unknown) => (item as { id?: unknown } | null)?.id)
      .filter((id): id is string => typeof id === 'string' && /^[\x21-\x7e]{1,256}$/.test(id))
      .slice(0, 10_000)
  } catch {
    return undefined
  }
}
