import type { Transport } from './account.ts'

/**
 * What the scheduler needs to know of a request: facts, no content.
 *
 * Every key arrives hashed; the core scopes it by tenant and pool and stores nothing else of it. A key is at
 * most 255 characters.
 */
export interface ScheduleRequest {
  /** Whose request it is. Bindings of one tenant are invisible to every other. Default `''`. */
  readonly tenant?: string
  /** The requested model; `''` is served by every account. */
  readonly model: string
  readonly transport?: Transport
  /** Soft key: where it was served last its prompt cache is warm. */
  readonly session?: string
  /**
   * Hard keys: ids whose state lives in one state domain. They are resolved before the profile, which then sees
   * that domain's accounts only. Two keys of different domains are refused.
   */
  readonly owners?: readonly string[]
  /** Accounts this request has failed on already. */
  readonly excluded?: ReadonlySet<string>
  /** The reference's own owner layer (profile `classic`): a response id bound to one account, resolved inside the profile. */
  readonly previousResponse?: string
  /** The reference's group: scopes its bindings and enters its seed as decimal text. */
  readonly group?: string | null
  /**
   * Its band while it waits, where waiting is tenant-fair: higher is served first, strictly. Default 0, negative is
   * background work. Word and direction are those of Kubernetes' PriorityClass and the Gateway API's inference
   * objectives; `urgency` is the word of HTTP (RFC 9218), where the smaller goes first. Not to be confused with an
   * account's own `priority`, where the smaller is better as well.
   */
  readonly priority?: number
  /** The tenant's share of slots while several wait, relative to others. Above 0; default 1. */
  readonly tenantWeight?: number
  /**
   * Slots the tenant may hold at once in this pool, on this node; 0 and below mean unlimited, as does its absence.
   * A request above it waits, and nobody waits because of it.
   */
  readonly tenantLimit?: number
  /**
   * Tokens of its prompt, as far as they are known before it is sent; what an adaptive profile predicts times and
   * caches from. Default: `estimatedTokens`, else as many as its session had the last
   * time, else as prompts have on average.
   */
  readonly inputTokens?: number
  /**
   * Tokens the request will take from an account's token limit (input and the most it may put out): reserved with
   * the slot, corrected when the lease is settled. Default 0. While it waits, a thousand of them cost as much as one
   * request.
   */
  readonly estimatedTokens?: number
  /**
   * Its answer comes whole and not as a stream, so that no first token will be told: an adaptive profile learns from
   * how long it took, and takes its silence for no sign. Default false.
   */
  readonly whole?: boolean
  /**
   * A second attempt beside one that is under way: the session says where its prompt is warm, and is not bound to
   * where this goes, for one slow answer is no reason to move it. Default false.
   */
  readonly hedge?: boolean
}
