import { AccountObjects } from './account-objects.ts'
import { type AccountProfile, checkProfile } from './account-profile.ts'
import type { MockClock } from './clock.ts'
import { createConcurrencyCount } from './concurrency.ts'
import { PromptCache } from './prompt-cache.ts'
import { hashText } from './random.ts'
import { createRateLimiter, type RateLimiter } from './rate-limit.ts'
import { createCounters, type RequestCounters } from './request-counters.ts'
import { type StoredResponseLimits, StoredResponses } from './stored-responses.ts'

/** Keys seen in open mode beyond this are refused, so that a client with random keys cannot fill the memory. */
const MAX_ACCOUNTS = 10_000

/** One API key: how it behaves, what it remembers, and what it has counted. */
export class Account {
  readonly key: string
  readonly name: string
  readonly stored: StoredResponses
  readonly objects = new AccountObjects()
  readonly promptCache = new PromptCache()
  /** Headers of every reply, flat; made once because building them would cost more than the rest of a small reply. */
  readonly headers: readonly string[]
  readonly organization: string
  /** The profile it was configured with, to which a scenario's `heal` returns. */
  readonly configured: AccountProfile
  profile: AccountProfile
  limiter: RateLimiter | null
  counters: RequestCounters = createCounters()
  readonly concurrency = createConcurrencyCount()

  constructor(key: string, profile: AccountProfile & { readonly name: string }, world: AccountWorld) {
    this.key = key
    this.name = profile.name
    this.configured = profile
    this.profile = profile
    this.stored = new StoredResponses(world.storedResponses)
    this.limiter = createRateLimiter(profile.rateLimit, world.clock.now())
    const id = hashText(key).toString(16).padStart(8, '0')
    this.organization = `org-${id}`
    this.headers = [
      ...['openai-version', '2020-10-01', 'openai-organization', this.organization],
      ...['openai-project', `proj_${id}`, 'server', 'cloudflare', 'cf-ray', `9a${id}-LHR`],
      ...['set-cookie', `__cf_bm=${id}.mock-1.0.1.1; path=/; HttpOnly; Secure; SameSite=None`],
      ...['alt-svc', 'h3=":443"; ma=86400', 'strict-transport-security', 'max-age=31536000'],
    ]
  }
}

/** What accounts share. */
export interface AccountWorld {
  readonly clock: MockClock
  readonly storedResponses: StoredResponseLimits
  readonly defaults: AccountProfile
}

/** The accounts by key and by name. */
export class Accounts {
  readonly #world: AccountWorld
  readonly #open: boolean
  readonly #byKey = new Map<string, Account>()
  readonly #byName = new Map<string, Account>()

  constructor(world: AccountWorld, options: { readonly open: boolean }) {
    this.#world = world
    this.#open = options.open
  }

  /** Adds an account; throws when the profile is not one, or its name is taken. */
  add(key: string, profile: AccountProfile): Account {
    const name = profile.name ?? `account-${this.#byKey.size + 1}`
    checkProfile(profile, `accounts[${name}]`)
    if (this.#byName.has(name)) {
      throw new RangeError(`Two accounts are called "${name}". Give each account its own name.`)
    }
    const account = new Account(key, { ...this.#world.defaults, ...profile, name }, this.#world)
    this.#byKey.set(key, account)
    this.#byName.set(name, account)
    return account
  }

  /** The account of an API key; in open mode made on first sight. */
  byKey(key: string): Account | undefined {
    const known = this.#byKey.get(key)
    if (known !== undefined || !this.#open || this.#byKey.size >= MAX_ACCOUNTS) return known
    return this.add(key, { name: this.#freeName() })
  }

  /** The account that a fault, a scenario step or a test names, by name or by key. */
  find(nameOrKey: string): Account | undefined {
    return this.#byName.get(nameOrKey) ?? this.#byKey.get(nameOrKey)
  }

  all(): Iterable<Account> {
    return this.#byKey.values()
  }

  /** Changes what an account does from the next request on; fields not given stay as they are. */
  change(account: Account, profile: AccountProfile): void {
    checkProfile(profile, `profile of ${account.name}`)
    this.#apply(account, { ...account.profile, ...profile, name: account.name })
  }

  /** Back to the configured profile, with full buckets. */
  renew(account: Account): void {
    account.profile = account.configured
    account.limiter = createRateLimiter(account.profile.rateLimit, this.#world.clock.now())
  }

  /** Back to the configured profile. */
  restore(account: Account): void {
    this.#apply(account, account.configured)
  }

  #apply(account: Account, profile: AccountProfile): void {
    if (profile.rateLimit !== account.profile.rateLimit) {
      account.limiter = createRateLimiter(profile.rateLimit, this.#world.clock.now())
    }
    account.profile = profile
  }

  #freeName(): string {
    let number = this.#byKey.size + 1
    while (this.#byName.has(`account-${number}`)) number += 1
    return `account-${number}`
  }
}
