/** The way a request travels upstream. `''` asks for nothing in particular. */
export type Transport = '' | 'http_sse' | 'responses_websockets_v2'

/**
 * The models an account serves: none given means all; a list of names, each exact or with one trailing `*`;
 * or a map from such a name to the name the upstream knows it by.
 */
export type ModelRules = readonly string[] | Readonly<Record<string, string>>

/**
 * One upstream credential with a limit of its own: an API key, a project, a deployment, a server.
 *
 * The core reads accounts and never changes them; what it learns of an account (load, health, cool-downs)
 * lives in columns beside it. Instants are wall-clock milliseconds; at the instant itself the account is free.
 */
export interface Account {
  /** Unique within an {@link AccountSource}, and stable: bindings and statistics are kept under it. */
  readonly id: string
  /** The last tie-break: the smaller wins. Unique within a source. */
  readonly order: number
  /** What sort of credential it is (`apikey`, `oauth`, ...); told in decisions, used by nothing else. */
  readonly type?: string
  /** Accounts of another platform than the profile's are never candidates. Default `openai`. */
  readonly platform?: string
  /** Smaller is better. Default 0. */
  readonly priority?: number
  /** Requests at once; 0 and below mean unlimited. Default 0. */
  readonly concurrency?: number
  readonly models?: ModelRules
  /** Serves `responses_websockets_v2`. Default false. */
  readonly supportsWebSocket?: boolean
  /** What stores conversation state upstream; accounts that share it can continue each other's. Default `id`. */
  readonly stateDomain?: string
  /** What the upstream counts rate limits for (a project, a deployment); accounts that share it use up one limit. Default `id`. */
  readonly limitDomain?: string
  /** `disabled` and `error` are an operator's or a credential's word, not a cool-down. Default `active`. */
  readonly status?: 'active' | 'draining' | 'disabled' | 'error'
  /** The operator's switch. Default true. */
  readonly schedulable?: boolean
  /**
   * Changes when another credential or place stands behind the same id: what was learned of the old one (cool-downs,
   * ejection, statistics) is then forgotten.
   */
  readonly revision?: string
  readonly expiresAtMs?: number
  readonly overloadedUntilMs?: number
  readonly rateLimitedUntilMs?: number
  readonly blockedUntilMs?: number
  /** Models this account is rate limited for, each until an instant. */
  readonly modelLimitedUntilMs?: Readonly<Record<string, number>>
}
