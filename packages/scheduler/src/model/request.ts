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
}
